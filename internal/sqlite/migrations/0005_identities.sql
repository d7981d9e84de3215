-- By what identity providers know a user, who may have one identity of each.
CREATE TABLE identities (
	issuer     TEXT NOT NULL,
	subject    TEXT NOT NULL,
	user       BLOB NOT NULL REFERENCES users (id),
	created_on INTEGER,
	PRIMARY KEY (issuer, subject),
	UNIQUE (user, issuer)
) STRICT, WITHOUT ROWID;
