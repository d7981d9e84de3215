// Package leak reads reports of secrets that were found in public, as the partner programme for secret
// scanning sends them, and writes the rules by which scanners find secrets of an installation.
package leak
