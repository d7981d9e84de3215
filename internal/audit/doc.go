// Package audit is the audit log as something that can be checked: its rows, the Merkle tree over
// them, signed checkpoints of that tree, and the search for what somebody changed.
//
// Each row is a leaf. Its bytes are the row as JSON ([Row.Leaf]), so that an exported line is the
// leaf itself and anybody can hash it. The tree is that of RFC 6962, by golang.org/x/mod/sumdb/tlog;
// its hashes are kept beside the rows and written with them. Whoever can write to the database can
// rewrite both, but not a [Checkpoint] that was signed before and is kept elsewhere.
//
// Rows are numbered from 1, without gaps. A row that is too old to be kept leaves its hashes, so that
// what is kept can be checked still; a row of the log itself says through which number rows went.
package audit
