-- The authorities that sign origin certificates, one for each kind of key; the keys are PKCS #8.
CREATE TABLE authority (
  kind        TEXT PRIMARY KEY,
  certificate BLOB NOT NULL,
  key         BLOB NOT NULL
) STRICT;

-- An id is the serial number in decimal.
CREATE TABLE certificate (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  zone_id     TEXT NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
  kind        TEXT NOT NULL,
  hostnames   TEXT NOT NULL,
  validity    INTEGER NOT NULL,
  csr         TEXT NOT NULL,
  pem         TEXT NOT NULL,
  expires_on  TEXT NOT NULL,
  revoked_at  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX certificate_by_zone ON certificate (zone_id, seq);
