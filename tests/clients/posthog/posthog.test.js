// PostHog's clients, unchanged, with Observe's address and write key in place of PostHog's.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openContext, startBrowser } from "../../browser/harness/browser.js";
import { eventually } from "../../browser/harness/eventually.js";
import { WRITE_KEY, startObserve } from "../../browser/harness/observe.js";
import { startSite } from "../../browser/harness/site.js";
import { runNode, runPython } from "../harness/run.js";
import { arrived, person, startWire } from "../harness/wire.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The addresses that take events. */
const EVENTS = /^\/(e|i\/v0\/e|batch|i\/v0\/ai\/batch)\/?(\?|$)/;
/** The site of the tests uses observe.js, which is not what is looked at here. */
const NO_OBSERVE = "<script>window.observe = () => undefined;</script>";
/** How far a stored time may be from the sent one: the clocks are the same, the way takes a moment. */
const SKEW_MS = 10_000;

let observe, wire;
before(async () => {
  observe = await startObserve();
  wire = await startWire(observe.url, EVENTS);
});
after(async () => {
  await wire?.stop();
  await observe?.stop();
});

/** Compares what was sent with what is stored, event by event; answers the names of what was sent. */
async function assertAllArrived() {
  const sent = wire.sent();
  assert.deepEqual(wire.refused(), [], "nothing is refused, so that nothing is sent again");
  assert.equal(new Set(sent.map(({ uuid }) => uuid)).size, sent.length, "no event is sent twice");
  const stored = await arrived(observe, sent.map(({ uuid }) => uuid));
  for (const event of sent) assertIsStored(event, stored.get(event.uuid));
  return sent.map(({ event }) => event);
}

function assertIsStored(event, stored) {
  const { token, distinct_id: inner, ...properties } = event.properties;
  for (const key of ["$set", "$set_once"]) {
    if (event[key]) properties[key] = { ...properties[key], ...event[key] };
  }
  assert.equal(stored.name, event.event);
  assert.equal(stored.distinctId, event.distinct_id ?? inner);
  assert.equal(stored.sessionId ?? "", properties.$session_id ?? "");
  for (const [key, value] of Object.entries(properties)) {
    assert.deepEqual(stored.properties[key], value, `${event.event}: ${key}`);
  }
  const added = Object.keys(stored.properties).filter((key) => !(key in properties) && !key.startsWith("$"));
  assert.deepEqual(added, [], "what the server adds has names of its own");
  assert.equal(stored.properties.token, undefined, "the key is no property");
  const apart = Math.abs(Date.parse(stored.time) - Date.parse(event.timestamp));
  assert.ok(apart < SKEW_MS, `${event.event}: ${stored.time} for ${event.timestamp}`);
}

test("everything that the Node.js client sends arrives as it was sent, once", async () => {
  wire.next();
  const { stdout, stderr } = await runNode(HERE, "shop.mjs", wire.url, WRITE_KEY);
  assert.equal(stderr, "", "the client has nothing to complain of");
  const { flag, enabled, all } = JSON.parse(stdout);
  assert.deepEqual([flag, enabled, all], [null, false, {}]);
  const names = await assertAllArrived();
  for (const name of ["looked around", "paid", "$identify", "$create_alias", "$groupidentify", "$exception", "$ai_generation", "shipped at once"]) {
    assert.equal(names.filter((one) => one === name).length, 1, name);
  }
  assert.ok(wire.seen.length < 20, `${wire.seen.length} requests`);
  const ada = await eventually("the persons to be one", async () => {
    const found = await person(observe, "node-user");
    return found.distinctIds.includes("node-anon") && found;
  });
  assert.equal(ada.identified, true);
  assert.equal((await person(observe, "node-anon")).id, ada.id);
  assert.deepEqual(ada.properties, { email: "ada@example.com", plan: "pro", first: "yes", born: 1815 });
});

test("everything that the Python client sends arrives as it was sent, once", async () => {
  wire.next();
  const { stdout, stderr } = await runPython(HERE, "shop.py", wire.url, WRITE_KEY);
  assert.equal(stderr, "", "the client has nothing to complain of");
  const { flag, enabled, all } = JSON.parse(stdout);
  assert.deepEqual([flag, enabled, all], [null, false, {}]);
  const names = await assertAllArrived();
  const once = ["looked around", "paid", "$create_alias", "$groupidentify", "$exception", "$ai_generation", "paid long ago"];
  for (const name of once) assert.equal(names.filter((one) => one === name).length, 1, name);
  const ada = await eventually("the persons to be one", async () => {
    const found = await person(observe, "py-user");
    return found.distinctIds.includes("py-anon") && found;
  });
  assert.deepEqual(ada.properties, { plan: "team", email: "ada@example.com", born: 1815 });
});

// Once as it comes, with gzip and the settings it asks for, and once as it is where neither is.
for (const [way, options] of [
  ["with compression", {}],
  ["without", { disable_compression: true, advanced_disable_flags: true }],
]) {
  test(`everything that the browser client sends ${way} arrives as it was sent, once`, async () => {
    wire.next();
    const site = await startSite(NO_OBSERVE);
    const browser = await startBrowser();
    try {
      const page = await (await openContext(browser)).newPage();
      const complaints = [];
      page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      let answered = 0;
      page.on("requestfinished", (request) => (answered += Number(request.method() === "POST" && EVENTS.test(new URL(request.url()).pathname))));
      await page.goto(site.url);
      await page.addScriptTag({ path: `${HERE}node_modules/posthog-js/dist/array.js` });
      await page.evaluate(init, [wire.url, WRITE_KEY, options]);
      await eventually("the page view", () => wire.sent().some(({ event }) => event === "$pageview"));
      const user = `js-user ${way}`;
      const { visitor, flag } = await page.evaluate(visit, user);
      await page.getByRole("button", { name: "Read more" }).click();
      await eventually("the click", () => wire.sent().some(({ event }) => event === "$autocapture"));
      // What is on its way when a page is left is sent again, for the client cannot know: that is not what is counted here.
      await eventually("all answers to be read", () => answered === wire.posts().length);
      await page.evaluate(() => {
        window.posthog.capture("left");
        location.href = "about:blank";
      });
      await eventually("the last event", () => wire.sent().some(({ event }) => event === "$pageleave"));
      await eventually("the last answer", () => wire.refused().length === 0);
      assert.deepEqual(complaints, []);
      assert.equal(flag, undefined);
      const names = await assertAllArrived();
      for (const name of ["$pageview", "bought", "$identify", "$create_alias", "$groupidentify", "$set", "$exception", "left", "$pageleave"]) {
        assert.equal(names.filter((one) => one === name).length, 1, name);
      }
      assert.ok(wire.seen.every(({ path }) => !path.includes("retry_count")), "nothing is tried again");
      const ada = await eventually("the persons to be one", async () => {
        const found = await person(observe, user);
        return found.distinctIds.includes(visitor) && found.distinctIds.includes(`other ${user}`) && found;
      });
      assert.deepEqual([ada.identified, ada.properties.email, ada.properties.plan], [true, "ada@example.com", "pro"]);
      assert.equal(ada.properties.$initial_pathname, "/");
    } finally {
      await browser.close();
      await site.stop();
    }
  });
}

/** Runs in the page: what a site's own code does first. */
function init([host, key, options]) {
  window.posthog.init(key, {
    api_host: host,
    defaults: "2025-05-24",
    // The browser of this test is driven, which the client takes for a bot.
    opt_out_useragent_filter: true,
    ...options,
  });
}

/** Runs in the page: a visitor who becomes known. */
function visit(user) {
  const { posthog } = window;
  const visitor = posthog.get_distinct_id();
  posthog.register({ theme: "dark" });
  posthog.identify(user, { email: "ada@example.com" }, { seen: "once" });
  posthog.alias(`other ${user}`);
  posthog.group("company", "acme", { seats: 3 });
  posthog.setPersonProperties({ plan: "pro" });
  posthog.capture("bought", { amount: 9.5, note: "ünïcode \u{1f600}", nested: { a: [1, null, true] } });
  posthog.captureException(new Error("no route to bank"));
  return { visitor, flag: posthog.getFeatureFlag("new-checkout") };
}
