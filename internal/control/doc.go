// Package control is the authority: the use cases of the control plane (create, roll, revoke a
// token; users, accounts, members, resources), one file each.
//
// Every use case takes the [Caller] who asks as an argument. Every mutation goes through one
// helper that checks the caller's permission against the state of the very transaction, runs the
// change, and records it: the rows, the audit row, the revision and the change-log row are one
// commit, and enforcement nodes in this process know of it before the call returns.
package control
