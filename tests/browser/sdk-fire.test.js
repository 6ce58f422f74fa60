// The SDK while the network and the server fail: what a page recorded is stored once, counted against the server.
import assert from "node:assert/strict";
import { eventually } from "./harness/eventually.js";
import { Ledger, loaded, visit, waiting } from "./harness/ledger.js";
import { WRITE_KEY } from "./harness/observe.js";
import { faults, startProxy } from "./harness/proxy.js";
import { snippet } from "./harness/snippet.js";
import { openWorld } from "./harness/world.js";

let proxy;
// Going back to a page that was kept is one of the ways; Playwright turns it off by default.
const browser = { ignoreDefaultArgs: ["--disable-back-forward-cache"] };
const world = openWorld({ browser }, async ({ observe, site }) => {
  proxy = await startProxy(observe.url);
  world.stopAtEnd(() => proxy.stop());
  site.head = snippet(proxy.url, WRITE_KEY);
  site.cacheControl = "no-cache";
});

/** One case: a visitor, a ledger, and a network that is whole before and after. */
function fire(name, title, body) {
  world.test(title, async (t) => {
    proxy.fault = undefined;
    const ledger = new Ledger(world.observe, `fire_${name}`);
    const page = await visit(await world.open(), `${world.site.url}/application`);
    await body({ page, ledger, context: page.context(), t });
    assert.deepEqual(world.faults(), []);
    await page.context().close();
  });
}

/** The posts that carried an event of a ledger. */
const posts = ({ name }) => proxy.seen.filter(({ method, body }) => method === "POST" && body.includes(`"${name}"`));

/** So many requests fail in this way, then none. */
function failFirst(count, fault) {
  proxy.fault = () => (count-- > 0 ? fault : undefined);
}

fire("offline", "offline, then online", async ({ page, ledger, context }) => {
  await ledger.track(page, 3);
  await context.setOffline(true);
  await ledger.track(page, 25);
  assert.ok((await waiting(page)) >= 25, "what was recorded offline is stored");
  await context.setOffline(false);
  await ledger.track(page, 3);
  await ledger.settled(page);
});

fire("closed", "a tab closed while nobody could be reached: the next page of the site sends what it left", async ({ page, ledger, context }) => {
  const other = await context.newPage();
  await proxy.goAway();
  await ledger.track(page, 12);
  await page.close({ runBeforeUnload: true });
  await eventually("the tab to be closed", () => page.isClosed());
  await proxy.comeBack();
  await visit(other, world.site.url);
  await ledger.track(other, 1);
  await ledger.settled(other);
});

for (const [way, fault] of [["taken and never answered", faults.mute], ["swallowed on the way", faults.hole]]) {
  fire(`reload_${way.split(" ")[0]}`, `a reload while a request is ${way}`, async ({ page, ledger }) => {
    proxy.fault = () => fault;
    await ledger.track(page, 15);
    await eventually("the request to be under way", () => posts(ledger).length > 0);
    proxy.fault = undefined;
    await page.reload();
    await loaded(page);
    await ledger.track(page, 2);
    await ledger.settled(page);
  });
}

for (const status of [429, 503]) {
  fire(`plain_${status}`, `${status} without a word about when`, async ({ page, ledger }) => {
    failFirst(2, faults.answer(status));
    await ledger.track(page, 15);
    await ledger.settled(page);
    assert.ok(posts(ledger).filter(({ faulty }) => faulty).length > 0, "it was refused");
  });

  fire(`retry_after_${status}`, `${status} with Retry-After: nothing is sent before`, async ({ page, ledger }) => {
    failFirst(1, faults.answer(status, { "retry-after": "3" }));
    await ledger.track(page, 15);
    await eventually("the refusal", () => posts(ledger).length > 0);
    // Leaving is no reason to ask a server that wants to be left alone.
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide")));
    await ledger.track(page, 15);
    await ledger.settled(page);
    const [refused, next] = posts(ledger);
    assert.ok(next.at - refused.at >= 2_900, `asked again after ${next.at - refused.at} ms`);
  });
}

for (const [way, fault] of [["lost", faults.cut], ["broken off in the middle", faults.half], ["none, since the connection broke", faults.drop]]) {
  fire(`answer_${way.split(" ")[0]}`, `an answer that is ${way}`, async ({ page, ledger }) => {
    failFirst(2, fault);
    await ledger.track(page, 30);
    await ledger.settled(page);
  });
}

fire("away", "a server that is away for a while", async ({ page, ledger }) => {
  await proxy.goAway();
  await ledger.track(page, 40);
  await page.getByRole("button", { name: "Inbox" }).click();
  await ledger.track(page, 5);
  await proxy.comeBack();
  await ledger.settled(page);
});

fire("tabs", "two tabs at once, one of which is closed, are one visitor", async ({ page, ledger, context }) => {
  const other = await visit(await context.newPage(), `${world.site.url}/application`);
  let count = 0;
  proxy.fault = () => (++count % 2 ? faults.cut : undefined);
  for (let round = 0; round < 5; round++) await Promise.all([ledger.track(page, 4), ledger.track(other, 4)]);
  await other.close({ runBeforeUnload: true });
  await ledger.track(page, 4);
  proxy.fault = undefined;
  // Only a page that opens looks after what others left behind.
  await page.reload();
  await loaded(page);
  const stored = await ledger.settled(page);
  assert.equal(new Set(stored.map((event) => event.distinctId)).size, 1);
  assert.equal(new Set(stored.map((event) => event.sessionId)).size, 1);
});

fire("bfcache", "a page that is left and come back to", async ({ page, ledger }) => {
  await page.evaluate(() => (window.kept = true));
  await ledger.track(page, 4);
  // Both ways at once: handed to the browser as it is left, and still stored.
  await page.goto(world.site.url);
  await ledger.track(page, 2);
  await page.goBack({ waitUntil: "commit" });
  assert.equal(await page.evaluate(() => window.kept), true, "it was kept");
  await ledger.track(page, 4);
  await ledger.settled(page);
});

fire("storm", "all of it at once, from page to page", async ({ page, ledger, t }) => {
  const ways = [faults.answer(503), undefined, faults.cut, faults.half, faults.drop, undefined, faults.answer(429), faults.answer(500)];
  let count = 0;
  proxy.fault = () => ways[count++ % ways.length];
  for (const path of ["/", "/application", "/sign-up", "/", "/application", "/broken"]) {
    await ledger.track(page, 13);
    await page.goto(world.site.url + path);
    await ledger.track(page, 4);
  }
  proxy.fault = undefined;
  await visit(page, world.site.url);
  await ledger.track(page, 1);
  await ledger.settled(page);
  t.diagnostic(`figure requests of the storm: ${posts(ledger).length}, of which failed: ${posts(ledger).filter(({ faulty }) => faulty).length}`);
});
