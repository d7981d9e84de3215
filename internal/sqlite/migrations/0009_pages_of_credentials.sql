-- A page of a list is found, and all that would be listed is counted, in the index alone.
DROP INDEX credentials_by_owner;
CREATE INDEX credentials_by_owner ON credentials (owner_kind, owner_id, kind, issued_on, id, expires_on, not_before, status) WHERE revoked = 0;
