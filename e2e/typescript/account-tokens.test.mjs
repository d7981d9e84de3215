import assert from "node:assert/strict";
import { test } from "node:test";
import { all, allow, demo, refused, withKey, withToken, zoneScope } from "./demo.mjs";
import { editZone, refusedOutside } from "./zone.mjs";

test("an account token from its making to its end", async () => {
  const client = withKey();
  const tokens = client.accounts.tokens;
  const account = { account_id: demo.account };
  const groups = await all(tokens.permissionGroups.list({ ...account, name: "DNS Write", scope: zoneScope }));
  assert.equal(groups.length, 1);
  const policies = [allow(groups[0].id, demo.zone)];

  const made = await tokens.create({ ...account, name: "typescript account", policies });
  const verify = (secret) => withToken(secret).accounts.tokens.verify(account);
  assert.deepEqual(await verify(made.value), { id: made.id, status: "active" });
  await refused(withToken(made.value).user.tokens.verify(), 401, 1000);

  assert.deepEqual((await all(tokens.list(account))).map((token) => token.id), [made.id]);
  assert.equal((await tokens.get(made.id, account)).value, undefined);
  assert.equal((await tokens.update(made.id, { ...account, name: "renamed", policies })).name, "renamed");

  await editZone(withToken(made.value), "typescript-account");
  await refusedOutside(withToken(made.value));

  const rolled = await tokens.value.update(made.id, account);
  await refused(verify(made.value), 401, 1000);
  assert.equal((await verify(rolled)).id, made.id);
  assert.equal((await tokens.delete(made.id, account)).id, made.id);
  await refused(verify(rolled), 401, 1000);
});
