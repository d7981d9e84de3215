-- A commit writes to the disk a page of each tree that it changes: what is written together is kept together.

-- One row for each revision, the last of which is the head: the hashes that its audit row adds to the tree, one
-- after the other, and what nodes learn of it.
CREATE TABLE commits (
	revision INTEGER PRIMARY KEY,
	hashes   BLOB NOT NULL CHECK (length(hashes) > 0 AND length(hashes) % 32 = 0),
	changes  TEXT NOT NULL
) STRICT;
-- A row adds its own hash, and one for each power of two that its number can be divided by. If anything is missing,
-- the NULL that stands for it is refused, and all of this with it.
WITH RECURSIVE place (revision, first, after) AS (
	SELECT 1, 0, 1 WHERE (SELECT revision FROM head) > 0
	UNION ALL
	SELECT revision + 1, after, after + 1 + CAST(round(log2((revision + 1) & -(revision + 1))) AS INTEGER)
		FROM place WHERE revision < (SELECT revision FROM head)
)
INSERT INTO commits (revision, hashes, changes)
	SELECT place.revision,
		(SELECT CASE count(*) WHEN after - first THEN unhex(group_concat(hex(hash), '' ORDER BY position)) END
			FROM audit_hashes WHERE position >= first AND position < after),
		change_log.changes
	FROM place LEFT JOIN change_log ON change_log.revision = place.revision;
DROP TABLE head;
DROP TABLE change_log;
DROP TABLE audit_hashes;
CREATE TRIGGER commits_are_final BEFORE UPDATE ON commits
BEGIN SELECT RAISE(ABORT, 'commits do not change'); END;
CREATE TRIGGER commits_stay BEFORE DELETE ON commits
BEGIN SELECT RAISE(ABORT, 'commits are not deleted'); END;

-- By what audit rows are looked for. They are put into the index many at a time: every 256th commit puts in those
-- since the last such one, which are looked through one by one until then.
DROP INDEX audit_by_actor;
DROP INDEX audit_by_subject;
DROP INDEX audit_by_account;
DROP INDEX audit_by_time;
CREATE TABLE audit_index (
	field    INTEGER NOT NULL,
	value    ANY NOT NULL,
	revision INTEGER NOT NULL,
	at       INTEGER,
	PRIMARY KEY (field, value, revision)
) STRICT, WITHOUT ROWID;
CREATE VIEW audit_keys (field, value, revision, at) AS
	SELECT 1, at, revision, at FROM audit WHERE at IS NOT NULL
	UNION ALL
	SELECT 2, subject, revision, at FROM audit WHERE subject <> ''
	UNION ALL
	SELECT 3, account, revision, at FROM audit WHERE account <> zeroblob(16)
	UNION ALL
	SELECT 4 + actor_kind, actor_id, revision, at FROM audit WHERE actor_kind <> 0;
INSERT INTO audit_index
	SELECT * FROM audit_keys WHERE revision <= (SELECT max(revision) / 256 * 256 FROM commits) ORDER BY field, value, revision;

-- What a credential names is in its policies: whoever changes them has read them.
DROP INDEX named_resources_by_credential;
