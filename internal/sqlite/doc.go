// Package sqlite keeps the state of the control plane in one SQLite file.
//
// One connection writes and a few read. Readers see the last commit that was acknowledged (WAL),
// and a commit returns when it is on the disk (synchronous=FULL).
package sqlite
