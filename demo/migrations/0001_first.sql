CREATE TABLE account (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;

CREATE TABLE zone (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  account_id  TEXT NOT NULL,
  name        TEXT NOT NULL UNIQUE,
  type        TEXT NOT NULL,
  paused      INTEGER NOT NULL DEFAULT 0,
  serial      INTEGER NOT NULL DEFAULT 1,
  created_on  TEXT NOT NULL,
  modified_on TEXT NOT NULL
) STRICT;

-- node is the name with its labels reversed and a final dot ("example.staging.www."), so that
-- everything at or below a name is one range of the index.
-- wire is the canonical zone-file form of the data: what is served, and what makes two records identical.
-- plain is the content without TXT quotes: what filters compare.
CREATE TABLE record (
  seq                 INTEGER PRIMARY KEY AUTOINCREMENT,
  id                  TEXT NOT NULL UNIQUE,
  zone_id             TEXT NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
  name                TEXT NOT NULL,
  node                TEXT NOT NULL,
  type                TEXT NOT NULL,
  content             TEXT NOT NULL,
  plain               TEXT NOT NULL,
  wire                TEXT NOT NULL,
  priority            INTEGER,
  data                TEXT,
  ttl                 INTEGER NOT NULL,
  proxied             INTEGER NOT NULL,
  settings            TEXT NOT NULL,
  comment             TEXT,
  tags                TEXT NOT NULL,
  created_on          TEXT NOT NULL,
  modified_on         TEXT NOT NULL,
  comment_modified_on TEXT,
  tags_modified_on    TEXT
) STRICT;
CREATE INDEX record_by_node ON record (zone_id, node, type);

-- One table for everything that is a JSON object under a zone or an account.
CREATE TABLE document (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  scope       TEXT NOT NULL,
  body        TEXT NOT NULL,
  created_on  TEXT NOT NULL,
  modified_on TEXT NOT NULL
) STRICT;
CREATE INDEX document_by_scope ON document (scope, kind, seq);

CREATE TABLE setting (
  zone_id     TEXT NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  value       TEXT NOT NULL,
  modified_on TEXT NOT NULL,
  PRIMARY KEY (zone_id, id)
) STRICT;
