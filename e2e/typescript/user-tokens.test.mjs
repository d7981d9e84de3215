import assert from "node:assert/strict";
import { test } from "node:test";
import { all, allow, demo, fromEnvironment, refused, withKey, withToken, zoneScope } from "./demo.mjs";
import { editZone, refusedOutside } from "./zone.mjs";

const dnsWrite = async (client) => {
  const groups = await all(client.user.tokens.permissionGroups.list({ name: "DNS Write", scope: zoneScope }));
  assert.equal(groups.length, 1);
  return groups[0].id;
};

test("a user token from its making to its end", async (t) => {
  const client = withKey();
  const group = await dnsWrite(client);
  const policies = [allow(group, demo.zone)];
  const made = await client.user.tokens.create({
    name: "typescript",
    policies,
    condition: { request_ip: { in: ["127.0.0.0/8"] } },
  });
  assert.equal(made.status, "active");
  assert.ok(made.value.length >= 40 && made.value.length <= 50, `a value of ${made.value.length} characters`);

  await t.test("all permission groups in one page", async () => {
    assert.equal((await all(client.user.tokens.permissionGroups.list())).length, 311);
  });
  await t.test("get and list do not show the secret", async () => {
    const have = await client.user.tokens.get(made.id);
    assert.equal(have.name, "typescript");
    assert.equal(have.value, undefined);
    assert.deepEqual(have.policies[0].resources, policies[0].resources);
    assert.equal(have.policies[0].permission_groups[0].name, "DNS Write");
    assert.deepEqual(have.condition.request_ip.in, ["127.0.0.0/8"]);
    const listed = (await all(client.user.tokens.list())).find((token) => token.id === made.id);
    assert.ok(listed && listed.value === undefined);
  });
  await t.test("update keeps the secret", async () => {
    const have = await client.user.tokens.update(made.id, { name: "typescript renamed", policies });
    assert.equal(have.name, "typescript renamed");
    assert.deepEqual(await withToken(made.value).user.tokens.verify(), { id: made.id, status: "active" });
  });
  await t.test("edits its zone and nothing else", async () => {
    await editZone(withToken(made.value), "typescript");
    await refusedOutside(withToken(made.value));
  });
  await t.test("of several credentials in the environment the bearer wins", async () => {
    const both = fromEnvironment(made.value);
    assert.equal((await both.user.tokens.verify()).id, made.id);
    await refusedOutside(both);
  });
  await t.test("roll and delete", async () => {
    const rolled = await client.user.tokens.value.update(made.id);
    assert.equal(typeof rolled, "string");
    await refused(withToken(made.value).user.tokens.verify(), 401, 1000);
    assert.equal((await withToken(rolled).user.tokens.verify()).id, made.id);
    assert.equal((await client.user.tokens.delete(made.id)).id, made.id);
    await refused(withToken(rolled).user.tokens.verify(), 401, 1000);
    await refused(withToken(rolled).zones.list(), 401, 9109);
  });
});

test("lists end after the last page", async () => {
  const client = withKey();
  const policies = [allow(await dnsWrite(client), demo.zone)];
  const made = [];
  for (let i = 0; i < 11; i++) made.push((await client.user.tokens.create({ name: `page ${i}`, policies })).id);
  const listed = (await all(client.user.tokens.list({ per_page: 5 }))).map((token) => token.id);
  assert.equal(new Set(listed).size, listed.length, "a token was listed twice");
  for (const id of made) assert.ok(listed.includes(id), `${id} was not listed`);
});

test("the Global API Key", async () => {
  const client = withKey();
  await editZone(client, "typescript-key");
  const user = await client.user.get();
  assert.deepEqual([user.id, user.email], [demo.user, demo.email]);
  assert.ok((await all(client.memberships.list())).some((m) => m.account.id === demo.account && m.roles.length > 0));
  await refused(client.user.tokens.verify(), 400, 1001);
});
