-- Why an act was refused, so that nothing was done; empty: it was done.
ALTER TABLE audit ADD COLUMN refused TEXT NOT NULL DEFAULT '';

-- The Merkle tree over the audit rows. The rows that are there already are hashed by the program, in
-- the transaction of this script.
CREATE TABLE audit_hashes (
	position INTEGER PRIMARY KEY,
	hash     BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_hashes_are_final BEFORE UPDATE ON audit_hashes
BEGIN SELECT RAISE(ABORT, 'hashes of the audit log do not change'); END;
CREATE TRIGGER audit_hashes_stay BEFORE DELETE ON audit_hashes
BEGIN SELECT RAISE(ABORT, 'hashes of the audit log are not deleted'); END;

-- Rows go when they are too old to be kept, and only after a later row has said so.
CREATE INDEX audit_prunes ON audit (revision) WHERE action = 'audit.prune';
DROP TRIGGER audit_stays;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit WHEN NOT EXISTS (
	SELECT 1 FROM audit AS said
	WHERE said.action = 'audit.prune' AND said.refused = '' AND said.revision > OLD.revision AND said.after ->> 'through' >= OLD.revision AND said.after ->> 'through' < said.revision
)
BEGIN SELECT RAISE(ABORT, 'audit rows are not deleted before a row says so'); END;
