// What the SDK records and how it delivers, on a page of another site, through a proxy that sees every request.
import assert from "node:assert/strict";
import { eventually } from "./harness/eventually.js";
import { WRITE_KEY } from "./harness/observe.js";
import { startProxy } from "./harness/proxy.js";
import { snippet } from "./harness/snippet.js";
import { openWorld } from "./harness/world.js";

let proxy;
const world = openWorld({}, async ({ observe, site }) => {
  proxy = await startProxy(observe.url);
  world.stopAtEnd(() => proxy.stop());
  site.head = snippet(proxy.url, WRITE_KEY);
});

/** The page views that one visit sent, as path and referrer. */
function views() {
  const seen = proxy.events().filter(({ name }) => name === "$pageview");
  return seen.map(({ properties }) => [properties.$pathname, properties.$title, new URL(properties.$referrer || "about:blank").pathname]);
}

function arrival(wanted) {
  return eventually(`${wanted} to arrive`, () => proxy.events().some(({ name }) => name === wanted));
}

world.test("an application's moves are page views, each with its own address, title and referrer", async () => {
  const visitor = await world.open();
  await visitor.goto(`${world.site.url}/application`);
  await eventually("the first page view", () => views().length === 1);
  await visitor.getByRole("button", { name: "Inbox" }).click();
  await eventually("the second page view", () => views().length === 2);
  await visitor.getByRole("button", { name: "Sort" }).click();
  await visitor.getByRole("button", { name: "Sent" }).click();
  await eventually("the third page view", () => views().length === 3);
  await visitor.goBack();
  await visitor.goBack();
  await eventually("the page view of going back", () => views().length === 4);
  assert.deepEqual(views().map(([path, , referrer]) => [path, referrer]), [
    ["/application", "blank"],
    ["/application/inbox", "/application"],
    ["/application/sent", "/application/inbox"],
    ["/application/inbox", "/application/sent"],
  ]);
  assert.deepEqual(views().slice(0, 3).map(([, title]) => title), ["Application", "Inbox", "Sent"]);
  await visitor.context().close();
});

world.test("what is recorded as the page is left arrives, once", async () => {
  const visitor = await world.open();
  const before = proxy.events().length;
  await visitor.goto(`${world.site.url}/application`);
  await eventually("the page view", () => proxy.events().length === before + 1);
  // This comes after the SDK handed over what it had: the next page of the site sends it.
  await visitor.evaluate(() => addEventListener("pagehide", () => observe("track", "too_late")));
  await visitor.evaluate(() => {
    observe("track", "clicked_and_gone");
    location.href = "about:blank";
  });
  await visitor.waitForURL("about:blank");
  await arrival("clicked_and_gone");
  await visitor.goto(world.site.url);
  await arrival("too_late");
  // Closing the tab is another way to go.
  await visitor.evaluate(() => observe("track", "closed_tab"));
  await visitor.close({ runBeforeUnload: true });
  await arrival("closed_tab");

  const sent = new Set(proxy.events().map(({ uuid }) => uuid)).size;
  const status = await world.observe.stored(sent);
  assert.equal(Number(status.stored), sent, "what was handed over and sent again is stored once");
});

world.test("no request needed a preflight", async (t) => {
  const methods = proxy.seen.map(({ method }) => method);
  t.diagnostic(`figure requests of the SDK: ${methods.length}, preflights: ${methods.filter((method) => method === "OPTIONS").length}`);
  assert.ok(methods.includes("POST") && methods.includes("GET"));
  assert.deepEqual(proxy.seen.filter(({ method }) => !["GET", "POST"].includes(method)), []);
  assert.deepEqual(world.faults(), []);
});
