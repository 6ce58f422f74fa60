// Segment's clients, unchanged, with Observe's address and write key in place of Segment's.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openContext, startBrowser } from "../../browser/harness/browser.js";
import { eventually } from "../../browser/harness/eventually.js";
import { WRITE_KEY, startObserve } from "../../browser/harness/observe.js";
import { startSite } from "../../browser/harness/site.js";
import { runNode, runPython } from "../harness/run.js";
import { arrived, person, startWire, uuidV5 } from "../harness/wire.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The addresses that take calls. */
const CALLS = /^\/v1\/(batch|b|t|i|p|s|g|a)\/?(\?|$)/;
/** The namespace of message ids that are no UUIDs, as docs/API.md tells it. */
const MESSAGE_IDS = "c0411bcc-7f6f-5221-b258-35fc03e81a3e";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SKEW_MS = 10_000;
/** What each call is called. */
const NAMES = {
  identify: () => "$identify",
  track: ({ event }) => event,
  page: () => "$pageview",
  screen: () => "$screen",
  group: () => "$groupidentify",
  alias: () => "$create_alias",
};
/** What each call is expected to say besides its properties. */
const SAYS = {
  identify: ({ traits }) => ({ $set: traits }),
  track: () => ({}),
  page: ({ name, category, properties }) => ({ name, category, $current_url: properties?.url, $title: properties?.title }),
  screen: ({ name, category }) => ({ $screen_name: name, category }),
  group: ({ groupId, traits }) => ({ $group_type: "segment_group", $group_key: groupId, $group_set: traits }),
  alias: ({ previousId }) => ({ alias: previousId }),
};

let observe, wire;
before(async () => {
  observe = await startObserve();
  wire = await startWire(observe.url, CALLS);
});
after(async () => {
  await wire?.stop();
  await observe?.stop();
});

function uuidOf({ messageId }) {
  return UUID.test(messageId) ? messageId : uuidV5(MESSAGE_IDS, messageId);
}

/** Compares what was sent with what is stored, call by call; answers the types of what was sent. */
async function assertAllArrived() {
  const sent = wire.sent();
  assert.deepEqual(wire.refused(), [], "nothing is refused, so that nothing is sent again");
  assert.equal(new Set(sent.map(({ messageId }) => messageId)).size, sent.length, "no call is sent twice");
  const stored = await arrived(observe, sent.map(uuidOf));
  for (const call of sent) assertIsStored(call, stored.get(uuidOf(call)));
  return sent.map(({ type }) => type);
}

function assertIsStored(call, stored) {
  const { type, context = {} } = call;
  assert.equal(stored.name, NAMES[type](call));
  assert.equal(stored.distinctId, call.userId ?? call.anonymousId);
  if (call.userId && call.anonymousId) assert.equal(stored.properties.$anonymous_id, call.anonymousId);
  const expected = {
    $lib: context.library?.name,
    $lib_version: context.library?.version,
    // As projects keep addresses unless they are told to keep them whole.
    $ip: context.ip?.replace(/\.\d+$/, ".0"),
    $locale: context.locale,
    $current_url: context.page?.url,
    utm_campaign: context.campaign?.name,
    utm_source: context.campaign?.source,
    ...known(SAYS[type](call)),
    ...call.properties,
  };
  for (const [key, value] of Object.entries(known(expected))) {
    assert.deepEqual(stored.properties[key], value, `${type}: ${key}`);
  }
  const apart = Math.abs(Date.parse(stored.time) - Date.parse(call.timestamp));
  assert.ok(apart < SKEW_MS, `${type}: ${stored.time} for ${call.timestamp}`);
}

function known(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
}

/** Waits until these ids are one identified person with the traits that the shops tell of. */
async function assertIsOne(user, ...others) {
  const ada = await eventually(`${user} to be one with ${others}`, async () => {
    const found = await person(observe, user);
    return others.every((id) => found.distinctIds.includes(id)) && found;
  });
  assert.equal(ada.identified, true);
  assert.deepEqual([ada.properties.email, ada.properties.plan], ["ada@example.com", "pro"]);
}

test("every call of the Node.js client arrives as it was made, once", async () => {
  wire.next();
  const { stderr } = await runNode(HERE, "shop.mjs", wire.url, WRITE_KEY);
  assert.equal(stderr, "", "the client has nothing to complain of");
  const types = await assertAllArrived();
  assert.deepEqual(types, ["track", "identify", "track", "page", "screen", "group", "track", "alias", "track"]);
  await assertIsOne("seg-node-user", "seg-node-anon", "seg-node-phone");
});

test("every call of the Python client arrives as it was made, once", async () => {
  wire.next();
  const { stderr } = await runPython(HERE, "shop.py", wire.url, WRITE_KEY);
  assert.equal(stderr, "", "the client has nothing to complain of");
  const types = await assertAllArrived();
  const once = ["track", "identify", "track", "page", "screen", "group", "alias"];
  assert.deepEqual(types, [...once, ...once], "once plain, once with gzip");
  for (const user of ["seg-py-user", "seg-py-gzip"]) await assertIsOne(user, `${user}-anon`, `${user}-phone`);
});

test("every call of the browser client arrives as it was made, once", async () => {
  wire.next();
  const site = await startSite();
  const browser = await startBrowser();
  try {
    const page = await (await openContext(browser)).newPage();
    const complaints = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${site.url}/?utm_source=mail&utm_campaign=spring`);
    await page.addScriptTag({ path: `${HERE}node_modules/@segment/analytics-next/dist/umd/index.js` });
    const visitor = await page.evaluate(visit, [wire.url, WRITE_KEY]);
    await eventually("the calls", () => wire.sent().length === 6 && wire.refused().length === 0);
    assert.deepEqual(complaints, []);
    const types = await assertAllArrived();
    assert.deepEqual(types.sort(), ["alias", "group", "identify", "page", "screen", "track"]);
    await assertIsOne("seg-js-user", visitor, "seg-js-phone");
    assert.ok(wire.seen.some(({ path }) => path === `/v1/projects/${WRITE_KEY}/settings`), "where to send to was asked here");
  } finally {
    await browser.close();
    await site.stop();
  }
});

/** Runs in the page: a visitor who becomes known. Answers the visitor's id from before. */
async function visit([host, writeKey]) {
  const [analytics] = await window.AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL: host });
  const visitor = analytics.user().anonymousId();
  await analytics.page("Docs", "Home", { a: 1 });
  await analytics.identify("seg-js-user", { email: "ada@example.com", plan: "pro" });
  await analytics.track("paid", { amount: 9.5, note: "ünïcode \u{1f600}" });
  await analytics.screen("Main", "Basket");
  await analytics.group("acme", { seats: 3 });
  await analytics.alias("seg-js-user", "seg-js-phone");
  return visitor;
}
