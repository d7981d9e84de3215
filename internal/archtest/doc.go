// Package archtest holds the shape of the module as failing tests: which package may import which, what each may take
// from outside, how a file may look, and that a test shows each claim of the threat model. It is all tests. A rule
// stands in a table with its reason, and each rule is shown to fail on a tree that breaks it.
//
// To change the shape, change the table and its reason in the commit that needs it.
package archtest
