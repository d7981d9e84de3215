-- Which live credentials name a resource in a policy, so that what points to it can be found when
-- it goes. It says again what policies say, and is written with them.
CREATE TABLE named_resources (
	type       TEXT NOT NULL,
	id         TEXT NOT NULL,
	credential BLOB NOT NULL REFERENCES credentials (id),
	PRIMARY KEY (type, id, credential)
) STRICT, WITHOUT ROWID;
CREATE INDEX named_resources_by_credential ON named_resources (credential, type, id);

-- Extent 1 is one resource, extent 3 every resource under one.
INSERT INTO named_resources (type, id, credential)
	SELECT DISTINCT
		CASE pattern.value ->> 'extent' WHEN 1 THEN coalesce(pattern.value ->> 'type', '') ELSE coalesce(pattern.value ->> '$.parent.type', '') END,
		CASE pattern.value ->> 'extent' WHEN 1 THEN coalesce(pattern.value ->> 'id', '') ELSE coalesce(pattern.value ->> '$.parent.id', '') END,
		c.id
	FROM credentials AS c, json_each(c.policies) AS policy, json_each(policy.value, '$.patterns') AS pattern
	WHERE c.revoked = 0 AND pattern.value ->> 'extent' IN (1, 3);

-- Which part of Leastkey acted by itself; empty when a caller did.
ALTER TABLE audit ADD COLUMN agent TEXT NOT NULL DEFAULT '';
