-- Whoever reads all credentials walks their secrets in this index alone: it has all that is asked of them.
DROP INDEX secrets_by_credential;
CREATE INDEX secrets_by_credential ON secrets (credential, position, until) WHERE dropped = 0;
