-- A page of a list is found, and all that would be listed is counted, in the index alone.
DROP INDEX credentials_by_owner;
CREATE INDEX credentials_by_owner ON credentials (owner_kind, owner_id, kind, issued_on, id, status, not_before, expires_on) WHERE revoked = 0;
