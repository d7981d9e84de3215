// Package web serves the dashboard: pages that are rendered here, with the use cases of the control
// plane behind them. A page is a file group: its handler beside this file, its template in page/, its
// fixtures in gallery_<page>_test.go. What pages are made of is shown in README.md.
package web
