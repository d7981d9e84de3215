// The running demo as the Go harness describes it in the environment, and clients for it.
import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import dns from "node:dns/promises";
import Cloudflare from "cloudflare";

/** A value the harness must have set; a test that runs without the demo would prove nothing. */
function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are started by "go test ./typescript"`);
  return value;
}

export const demo = {
  api: need("E2E_API"),
  dns: need("E2E_DNS"),
  journal: need("E2E_JOURNAL"),
  user: need("E2E_USER"),
  email: need("E2E_EMAIL"),
  key: need("E2E_KEY"),
  account: need("E2E_ACCOUNT"),
  otherAccount: need("E2E_OTHER_ACCOUNT"),
  zone: need("E2E_ZONE"),
  zoneName: need("E2E_ZONE_NAME"),
  otherZone: need("E2E_OTHER_ZONE"),
  otherZoneName: need("E2E_OTHER_ZONE_NAME"),
};

export const zoneScope = "com.cloudflare.api.account.zone";

/** fetch, with every answer written to the journal, where the harness looks for secrets. */
async function fetchAndRecord(url, init) {
  const response = await fetch(url, init);
  const body = await response.clone().text();
  const line = {
    method: init?.method ?? "GET",
    path: new URL(url).pathname,
    status: response.status,
    header: Object.fromEntries(response.headers),
    body,
  };
  await appendFile(demo.journal, JSON.stringify(line) + "\n");
  return response;
}

export const withKey = () =>
  new Cloudflare({ baseURL: demo.api, apiKey: demo.key, apiEmail: demo.email, fetch: fetchAndRecord });

export const withToken = (apiToken) => new Cloudflare({ baseURL: demo.api, apiToken, fetch: fetchAndRecord });

/** A client that takes what it finds in its environment, as a deployment does. */
export const fromEnvironment = (apiToken) => {
  const names = { CLOUDFLARE_BASE_URL: demo.api, CLOUDFLARE_API_TOKEN: apiToken, CLOUDFLARE_API_KEY: demo.key, CLOUDFLARE_EMAIL: demo.email };
  Object.assign(process.env, names);
  try {
    return new Cloudflare({ fetch: fetchAndRecord });
  } finally {
    for (const name of Object.keys(names)) delete process.env[name];
  }
};

/** The policy that allows one permission group on one zone. */
export const allow = (group, zone) => ({
  effect: "allow",
  permission_groups: [{ id: group }],
  resources: { [`${zoneScope}.${zone}`]: "*" },
});

/** The A records that the demo's DNS server has for a name now. A new resolver each time, so nothing is remembered. */
export async function addresses(name) {
  const resolver = new dns.Resolver();
  resolver.setServers([demo.dns]);
  try {
    return (await resolver.resolve4(name)).sort();
  } catch (error) {
    if (error.code === "ENOTFOUND" || error.code === "ENODATA") return [];
    throw error;
  }
}

/** Everything an asynchronous list gives, page after page until one is empty. */
export async function all(list) {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}

/** The call must be refused with this status and first code, in words that contain all of mention. */
export async function refused(call, status, code, ...mention) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof Cloudflare.APIError, `want an answer of the API, have ${error}`);
    assert.equal(error.status, status, error.message);
    assert.equal(error.errors[0].code, code, error.message);
    for (const word of mention) assert.ok(error.errors[0].message.includes(word), `${error.message} lacks ${word}`);
    return true;
  });
}

export const denied = (call, ...mention) => refused(call, 403, 10000, "Authentication error", ...mention);
