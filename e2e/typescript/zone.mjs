// What a token for the DNS of staging.example may do, and what it may not.
import assert from "node:assert/strict";
import { addresses, all, demo, denied, refused } from "./demo.mjs";

/** Creates, lists, replaces, edits and deletes a record, and sees each step in the DNS. */
export async function editZone(client, label) {
  const zone_id = demo.zone;
  const name = `${label}.${demo.zoneName}`;
  const record = (content) => ({ zone_id, type: "A", name, ttl: 120, content });

  const made = await client.dns.records.create(record("192.0.2.30"));
  assert.equal(made.name, name);
  assert.deepEqual(await addresses(name), ["192.0.2.30"]);
  assert.deepEqual(
    (await all(client.dns.records.list({ zone_id, name: { exact: name } }))).map((r) => r.id),
    [made.id],
  );
  await client.dns.records.update(made.id, record("192.0.2.31"));
  assert.deepEqual(await addresses(name), ["192.0.2.31"]);
  await client.dns.records.edit(made.id, record("192.0.2.32"));
  assert.deepEqual(await addresses(name), ["192.0.2.32"]);
  assert.equal((await client.dns.records.get(made.id, { zone_id })).content, "192.0.2.32");
  assert.equal((await client.dns.records.delete(made.id, { zone_id })).id, made.id);
  assert.deepEqual(await addresses(name), []);
}

/** Tries the rest. */
export async function refusedOutside(client) {
  const zone_id = demo.zone;
  const name = `typescript.${demo.otherZoneName}`;
  await denied(
    client.dns.records.create({ zone_id: demo.otherZone, type: "A", name, ttl: 120, content: "192.0.2.66" }),
    "DNS Write",
    demo.otherZone,
  );
  assert.deepEqual(await addresses(name), []);
  await denied(client.firewall.rules.list({ zone_id }), "Firewall Services Read", demo.zone);
  await denied(client.pageRules.list({ zone_id }), "Page Rules Read", demo.zone);
  await denied(client.loadBalancers.list({ zone_id }), "Load Balancers Read", demo.zone);
  await denied(client.zones.settings.get("ssl", { zone_id }), "Zone Settings Read", demo.zone);
  await denied(client.accounts.get({ account_id: demo.otherAccount }), "Account Settings Read", demo.otherAccount);
  await refused(client.user.tokens.list(), 403, 9109, "Unauthorized to access requested resource");
  assert.deepEqual((await all(client.zones.list())).map((z) => z.id), [demo.zone]);
  assert.deepEqual(await all(client.zones.list({ name: demo.otherZoneName })), []);
}
