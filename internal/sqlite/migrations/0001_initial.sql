-- Times are microseconds since 1970 UTC, NULL where there is none: 0 is an instant like any
-- other, and an expiry then must not read back as no expiry. Ids are 16 bytes, hashes 32.

CREATE TABLE head (
	id       INTEGER PRIMARY KEY CHECK (id = 1),
	revision INTEGER NOT NULL
) STRICT;
INSERT INTO head (id, revision) VALUES (1, 0);

CREATE TABLE change_log (
	revision INTEGER PRIMARY KEY,
	changes  TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
	revision   INTEGER PRIMARY KEY,
	id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
	at         INTEGER,
	actor_kind INTEGER NOT NULL,
	actor_id   BLOB NOT NULL,
	credential BLOB NOT NULL,
	addr       TEXT NOT NULL,
	action     TEXT NOT NULL CHECK (action <> ''),
	subject    TEXT NOT NULL,
	account    BLOB NOT NULL,
	before     TEXT,
	after      TEXT
) STRICT;
CREATE INDEX audit_by_actor   ON audit (actor_kind, actor_id, revision);
CREATE INDEX audit_by_subject ON audit (subject, revision);
CREATE INDEX audit_by_account ON audit (account, revision);

CREATE TABLE users (
	id            BLOB PRIMARY KEY CHECK (length(id) = 16),
	email         TEXT NOT NULL UNIQUE,
	first_name    TEXT NOT NULL,
	last_name     TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	disabled      INTEGER NOT NULL,
	created_on    INTEGER,
	modified_on   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_age ON users (created_on, id);

CREATE TABLE accounts (
	id          BLOB PRIMARY KEY CHECK (length(id) = 16),
	name        TEXT NOT NULL,
	created_on  INTEGER,
	modified_on INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_by_age ON accounts (created_on, id);

CREATE TABLE members (
	id         BLOB PRIMARY KEY CHECK (length(id) = 16),
	account    BLOB NOT NULL REFERENCES accounts (id),
	user       BLOB NOT NULL REFERENCES users (id),
	roles      TEXT NOT NULL,
	created_on INTEGER,
	UNIQUE (account, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_account ON members (account, created_on, id);
CREATE INDEX members_by_user    ON members (user, created_on, id);

CREATE TABLE resources (
	type        TEXT NOT NULL,
	id          TEXT NOT NULL,
	name        TEXT NOT NULL,
	parent_type TEXT NOT NULL,
	parent_id   TEXT NOT NULL,
	created_on  INTEGER,
	PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX resources_by_age    ON resources (created_on, type, id);
CREATE INDEX resources_by_type   ON resources (type, created_on, id);
CREATE INDEX resources_by_parent ON resources (parent_type, parent_id, created_on, type, id);

-- A revoked credential and a dropped secret stay as tombstones, so that the primary keys keep
-- them from ever being put again. Everything that reads live ones reads the views below.
CREATE TABLE credentials (
	id           BLOB PRIMARY KEY CHECK (length(id) = 16),
	kind         INTEGER NOT NULL,
	owner_kind   INTEGER NOT NULL,
	owner_id     BLOB NOT NULL,
	name         TEXT NOT NULL,
	status       INTEGER NOT NULL,
	not_before   INTEGER,
	expires_on   INTEGER,
	condition    TEXT NOT NULL,
	policies     TEXT NOT NULL,
	issued_on    INTEGER,
	modified_on  INTEGER,
	last_used_on INTEGER,
	revoked      INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
	revoked_on   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_by_owner ON credentials (owner_kind, owner_id, kind, issued_on, id) WHERE revoked = 0;

CREATE TABLE secrets (
	hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
	credential BLOB NOT NULL REFERENCES credentials (id),
	position   INTEGER NOT NULL,
	until      INTEGER,
	tail       TEXT NOT NULL,
	created_on INTEGER,
	dropped    INTEGER NOT NULL DEFAULT 0 CHECK (dropped IN (0, 1)),
	dropped_on INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX secrets_by_credential ON secrets (credential, position) WHERE dropped = 0;

CREATE VIEW live_credentials AS SELECT * FROM credentials WHERE revoked = 0;
CREATE VIEW live_secrets     AS SELECT * FROM secrets     WHERE dropped = 0;

-- Whatever the program may come to do wrong, these do not change.
CREATE TRIGGER revoked_is_final BEFORE UPDATE ON credentials WHEN OLD.revoked = 1
BEGIN SELECT RAISE(ABORT, 'a revoked credential is final'); END;
CREATE TRIGGER credentials_stay BEFORE DELETE ON credentials
BEGIN SELECT RAISE(ABORT, 'credentials are revoked, never deleted'); END;
CREATE TRIGGER dropped_is_final BEFORE UPDATE ON secrets WHEN OLD.dropped = 1
BEGIN SELECT RAISE(ABORT, 'a dropped secret is final'); END;
CREATE TRIGGER secrets_do_not_move BEFORE UPDATE OF hash, credential ON secrets WHEN OLD.hash <> NEW.hash OR OLD.credential <> NEW.credential
BEGIN SELECT RAISE(ABORT, 'a secret belongs to one credential for ever'); END;
CREATE TRIGGER secrets_stay BEFORE DELETE ON secrets
BEGIN SELECT RAISE(ABORT, 'secrets are dropped, never deleted'); END;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows do not change'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are not deleted'); END;
