-- The view live_secrets shows the new column too, and the triggers on secrets stay in force.
ALTER TABLE secrets ADD COLUMN last_used_on INTEGER;

CREATE TABLE sessions (
	id           BLOB PRIMARY KEY CHECK (length(id) = 16),
	user         BLOB NOT NULL REFERENCES users (id),
	hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	created_on   INTEGER,
	expires_on   INTEGER,
	seen_on      INTEGER,
	confirmed_on INTEGER,
	by_link      INTEGER NOT NULL,
	addr         TEXT NOT NULL,
	addr4        TEXT NOT NULL,
	addr6        TEXT NOT NULL,
	agent        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user, created_on, id);
CREATE INDEX sessions_by_end  ON sessions (expires_on);
CREATE INDEX sessions_by_seen ON sessions (seen_on);

CREATE TABLE sign_in_links (
	hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
	user       BLOB NOT NULL REFERENCES users (id),
	expires_on INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_on);

-- The uses of one credential are numbered without gaps: the oldest go first.
CREATE TABLE uses (
	credential BLOB NOT NULL REFERENCES credentials (id),
	number     INTEGER NOT NULL,
	secret     BLOB NOT NULL CHECK (length(secret) = 32),
	at         INTEGER,
	addr       TEXT NOT NULL,
	operation  TEXT NOT NULL,
	target     TEXT NOT NULL,
	allowed    INTEGER NOT NULL,
	reason     TEXT NOT NULL,
	PRIMARY KEY (credential, number)
) STRICT, WITHOUT ROWID;

-- A search reads what is below one parent from the index alone, and in a few steps of it which
-- types are under which.
CREATE INDEX resources_by_name ON resources (type, parent_type, parent_id, name COLLATE NOCASE, id, created_on);

-- With the time in them, a span of time is told from the index, without reading the rows.
DROP INDEX audit_by_actor;
DROP INDEX audit_by_subject;
DROP INDEX audit_by_account;
CREATE INDEX audit_by_actor   ON audit (actor_kind, actor_id, revision, at);
CREATE INDEX audit_by_subject ON audit (subject, revision, at);
CREATE INDEX audit_by_account ON audit (account, revision, at);
CREATE INDEX audit_by_time    ON audit (at);
