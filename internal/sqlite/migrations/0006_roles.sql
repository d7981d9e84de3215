-- Roles that an account made itself. What they grant is said again in the memberships that hold them,
-- and written with both, so that nodes need not know of roles.
CREATE TABLE roles (
	id          BLOB PRIMARY KEY CHECK (length(id) = 16),
	account     BLOB NOT NULL REFERENCES accounts (id),
	name        TEXT NOT NULL,
	description TEXT NOT NULL,
	groups      TEXT NOT NULL,
	created_on  INTEGER,
	modified_on INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX roles_by_account ON roles (account, created_on, id);

ALTER TABLE members ADD COLUMN groups TEXT NOT NULL DEFAULT 'null';
