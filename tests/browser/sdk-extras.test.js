// What the SDK records by itself when it is asked to, and what it never says of a visitor.
import assert from "node:assert/strict";
import { eventually } from "./harness/eventually.js";
import { Ledger, loaded, visit, waiting } from "./harness/ledger.js";
import { WRITE_KEY } from "./harness/observe.js";
import { faults, startProxy } from "./harness/proxy.js";
import { snippet } from "./harness/snippet.js";
import { openWorld } from "./harness/world.js";

const ALL = " data-autocapture data-outbound-links data-web-vitals";
const SECRETS = ["4111 1111 1111 1111", "4000-0000-0000-0002", "hunter2", "typed by hand", "ada@example.com", "chosen", "hidden-value", "secret-token", "ignored words"];

const CLICKS = `
<button id="buy" class="primary large" data-observe-plan="pro" data-observe-item-id="7"> Buy
  <b>now</b> </button>
<div data-observe-list="cart"><a id="row1234" class="row" href="/sign-up?token=secret-token&page=2" onclick="event.preventDefault()">Row</a></div>
<span role="button" aria-label="Close" tabindex="0" id="close">x</span>
<p id="text">Plain text</p>
<button id="card">Pay with 4111 1111 1111 1111 or 4000-<i>0000</i>-0000-0002</button>
<button id="mail">Signed in as ada@example.com</button>
<button id="long">${"long ".repeat(100)}</button>
<button id="typed">Save <textarea>typed by hand</textarea><span contenteditable="true">typed by hand</span></button>
<section class="observe-ignore"><button id="ignored">ignored words</button></section>
<button data-observe-ignore><b id="inside">ignored words</b></button>
<a id="write" href="mailto:ada@example.com" onclick="event.preventDefault()">Write</a>
<form id="login" onsubmit="event.preventDefault()">
  <input name="matches" value="typed by hand"><input name="getAttribute" value="typed by hand"><input type="hidden" name="tagName" value="hidden-value">
  <input type="password" id="password" name="password" value="hunter2" role="button">
  <input type="text" id="field" value="typed by hand">
  <select id="select"><option>chosen</option></select>
  <input type="submit" id="go" name="go" value="typed by hand">
</form>
<x-shadow></x-shadow>
<script>
  const root = document.querySelector("x-shadow").attachShadow({ mode: "open" });
  root.innerHTML = '<button id="shadow">In the shadow</button>';
  document.getElementById("buy").addEventListener("click", (event) => event.stopPropagation());
</script>`;

let proxy;
const world = openWorld({}, async ({ observe, site }) => {
  proxy = await startProxy(observe.url);
  world.stopAtEnd(() => proxy.stop());
  site.more = {
    "/clicks": { title: "Clicks", body: CLICKS },
    "/out": { title: "Out", body: `<a href="${observe.url}/healthz?token=secret-token">Elsewhere</a> <a href="/">Here</a>` },
  };
});

/** Opens a page of the site with a snippet, as a new visitor. */
async function open(path, attributes) {
  world.site.head = snippet(proxy.url, WRITE_KEY, attributes);
  proxy.seen.length = 0;
  const page = await world.open();
  await visit(page, world.site.url + path);
  if (/autocapture|outbound|vitals/.test(attributes)) {
    await eventually("the second script to be asked for", () => proxy.seen.some(({ path, status }) => path === "/observe-extras.js" && status === 200));
    await page.evaluate(([url]) => import(`${url}/observe-extras.js`), [proxy.url]);
  }
  return page;
}

/** Presses near the corner of an element, by its place: in a form whose fields hide its methods, nothing else works. */
async function press(page, id, options) {
  const [x, y] = await page.evaluate((id) => {
    const element = document.getElementById(id) ?? document.querySelector("x-shadow").shadowRoot.getElementById(id);
    element.scrollIntoView({ block: "center" });
    const box = element.getBoundingClientRect();
    return [box.x + 4, box.y + 4];
  }, id);
  await page.mouse.click(x, y, options);
}

const named = (wanted) => proxy.events().filter(({ name }) => name === wanted);
const properties = (wanted) => named(wanted).map((event) => event.properties);

/** What autocapture alone says of an element. */
function said(event) {
  return Object.fromEntries(Object.entries(event).filter(([name]) => /^\$(el_|event_type)/.test(name) || !name.startsWith("$")));
}

world.test("clicks and submitted forms are recorded, with what tells them apart and nothing that was typed", async () => {
  const page = await open("/clicks", ALL);
  for (const id of ["buy", "row1234", "close", "text", "card", "mail", "long", "ignored", "inside", "password", "field", "write", "go", "shadow"]) {
    await press(page, id);
  }
  await press(page, "typed");
  await press(page, "field");
  await page.keyboard.press("Enter");
  await eventually("all clicks", () => properties("$autocapture").filter((event) => event.$event_type === "submit").length === 2 && properties("$autocapture").length === 13);

  const by = (id) => said(properties("$autocapture").find((event) => event.$el_id === id && event.$event_type === "click"));
  assert.deepEqual(by("buy"), {
    plan: "pro", item_id: "7", $event_type: "click", $el_tag: "button", $el_id: "buy", $el_classes: "primary large", $el_text: "Buy now", $el_selector: "button#buy",
  });
  assert.deepEqual(by("row1234"), {
    list: "cart", $event_type: "click", $el_tag: "a", $el_id: "row1234", $el_classes: "row", $el_text: "Row",
    $el_href: `${world.site.url}/sign-up?token=***&page=2`, $el_selector: "body > main > div > a.row",
  });
  assert.deepEqual([by("close").$el_label, by("close").$el_role], ["Close", "button"]);
  assert.equal(by("card").$el_text, "Pay with *** or ***");
  assert.equal(by("mail").$el_text, "Signed in as ***");
  assert.equal(by("long").$el_text.length, 200);
  assert.equal(by("typed").$el_text, "Save");
  assert.equal(by("write").$el_href, "mailto:");
  assert.deepEqual(said(by("go")), { $event_type: "click", $el_tag: "input", $el_id: "go", $el_name: "go", $el_type: "submit", $el_selector: "input#go" });
  assert.equal(by("shadow").$el_text, "In the shadow");
  const [form] = properties("$autocapture").filter((event) => event.$event_type === "submit");
  assert.deepEqual([form.$el_id, form.$el_selector, form.$el_text], ["login", "form#login", undefined]);

  const all = JSON.stringify(proxy.seen.map(({ body }) => body));
  for (const secret of SECRETS) assert.ok(!all.includes(secret), `${secret} was sent`);
  await page.context().close();
});

world.test("clicking one place again and again is one rage click, without the text of the place", async () => {
  const page = await open("/clicks", " data-autocapture");
  const box = await page.locator("#text").boundingBox();
  for (let n = 0; n < 7; n++) await page.mouse.click(box.x + 8 + (n % 3), box.y + 8);
  await eventually("the rage click", () => properties("$rageclick").length === 1);
  await press(page, "field", { clickCount: 5 });
  await page.locator("#buy").click();
  await eventually("the last click", () => properties("$autocapture").some((event) => event.$el_id === "buy"));
  assert.deepEqual(properties("$rageclick").map(said), [{ $event_type: "click", $el_tag: "p", $el_id: "text", $el_selector: "p#text" }]);
  assert.equal(properties("$outbound_link").length, 0);
  await page.context().close();
});

world.test("a click that leads to another host arrives although the page goes away", async () => {
  const page = await open("/out", " data-outbound-links");
  await page.getByRole("link", { name: "Elsewhere" }).click();
  await page.waitForURL(/healthz/);
  await eventually("the click", () => properties("$outbound_link").length > 0);
  const [click] = properties("$outbound_link");
  assert.deepEqual([click.$el_href, click.$outbound_host, click.$el_text], [`${world.observe.url}/healthz?token=***`, new URL(world.observe.url).host, "Elsewhere"]);
  // Nobody said whether it arrived, so the next page sends it again; it is stored once, and a link within the site is none.
  await visit(page, `${world.site.url}/out`);
  await page.getByRole("link", { name: "Here", exact: true }).click();
  await page.waitForURL(`${world.site.url}/`);
  await loaded(page);
  await eventually("nothing to be waiting", async () => (await waiting(page)) === 0);
  const { events } = await eventually("the click to be stored", async () => {
    const answer = await world.observe.call("observe.events.v1.EventService/ListEvents", { filter: { names: ["$outbound_link"] } });
    return answer.events?.length && answer;
  });
  assert.equal(events.length, 1);
  assert.equal(properties("$autocapture").length, 0, "it was not asked for");
  await page.context().close();
});

world.test("web vitals are recorded once for a page, as it is left", async (t) => {
  const page = await open("/application", " data-web-vitals");
  await page.getByRole("button", { name: "Inbox" }).click();
  // The browser measures an interaction when it was painted.
  await page.evaluate(() => new Promise((resolve) => new PerformanceObserver(resolve).observe({ type: "first-input", buffered: true })));
  await page.goto(`${world.site.url}/sign-up`);
  await eventually("the vitals", () => properties("$web_vitals").length > 0);
  const [vitals] = properties("$web_vitals");
  t.diagnostic(`figure web vitals: ${JSON.stringify({ ...vitals, $title: undefined })}`);
  for (const name of ["$lcp", "$fcp", "$ttfb"]) assert.ok(vitals[name] > 0, name);
  assert.equal(typeof vitals.$cls, "number");
  assert.equal(typeof vitals.$inp, "number");
  assert.equal(vitals.$pathname, "/application", "of the page that was loaded");
  await loaded(page);
  await eventually("nothing to be waiting", async () => (await waiting(page)) === 0);
  assert.equal(new Set(named("$web_vitals").map(({ uuid }) => uuid)).size, 1);
  await page.context().close();
});

world.test("nothing of it is loaded or recorded unless it is asked for", async () => {
  const page = await open("/clicks", "");
  await page.locator("#buy").click();
  await page.evaluate(() => observe("track", "asked_for"));
  await eventually("the event", () => named("asked_for").length === 1);
  assert.deepEqual([...new Set(proxy.events().map(({ name }) => name))], ["$pageview", "asked_for"]);
  assert.ok(!proxy.seen.some(({ path }) => path.includes("extras")));
  await page.context().close();
});

world.test("who opted out stays out, on later visits and for clicks, until they opt in", async () => {
  const page = await open("/clicks", ALL);
  await eventually("the page view", () => named("$pageview").length === 1);
  const kept = () => page.evaluate(() => Object.keys(localStorage));
  assert.equal(await page.evaluate(() => observe("hasOptedOut")), false);
  await page.evaluate(() => {
    observe("track", "never_sent");
    observe("optOut");
  });
  await page.locator("#buy").click();
  assert.equal(await page.evaluate(() => observe.hasOptedOut()), true);
  await visit(page, `${world.site.url}/clicks`);
  await page.evaluate(() => observe("track", "never_sent"));
  assert.deepEqual(await kept(), ["observe.optout"]);
  assert.equal(await page.evaluate(() => observe("hasOptedOut")), true);
  await page.evaluate(() => {
    observe("optIn");
    observe("track", "in_again");
  });
  await eventually("the event after", () => named("in_again").length === 1);
  assert.deepEqual(proxy.events().map(({ name }) => name), ["$pageview", "in_again"]);
  await page.context().close();
});

world.test("who opts out in one tab is out in all, with what waits there", async () => {
  const first = await open("/clicks", "");
  await eventually("the page view", () => named("$pageview").length === 1);
  const second = await visit(await first.context().newPage(), `${world.site.url}/clicks`);
  await eventually("the other page view", () => named("$pageview").length === 2);
  // It hears after the SDK does, which began to listen before.
  await second.evaluate(() => addEventListener("storage", ({ key }) => key === "observe.optout" && (window.heard = true)));
  proxy.fault = () => faults.answer(503);
  await second.evaluate(() => observe("track", "never_sent"));
  await eventually("a refusal", () => proxy.seen.some(({ faulty }) => faulty));
  await first.evaluate(() => observe("optOut"));
  await second.waitForFunction(() => window.heard);
  proxy.fault = undefined;
  await first.evaluate(() => observe("optIn"));
  await second.evaluate(() => observe("track", "in_again"));
  await eventually("the event after", () => named("in_again").length === 1);
  assert.equal(named("never_sent").length, 0);
  await first.context().close();
});

world.test("Global Privacy Control is heard where the site asks for it, and only there", async () => {
  for (const [attributes, views] of [[" data-respect-dnt", 0], ["", 1]]) {
    world.site.head = snippet(proxy.url, WRITE_KEY, attributes);
    proxy.seen.length = 0;
    const page = await world.open();
    await page.context().addInitScript(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
    await visit(page, world.site.url);
    await page.evaluate(() => observe("track", "asked"));
    await page.evaluate(() => observe("flush"));
    if (views) await eventually("the page view", () => named("$pageview").length === 1);
    else assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage), observe("ids")]), [[], undefined]);
    assert.equal(named("$pageview").length, views);
    await page.context().close();
  }
});

world.test("without cookies nothing is stored, page loads are visitors, and every event arrives", async () => {
  const page = await open("/clicks", `${ALL} data-cookieless`);
  const context = page.context();
  const stored = () => page.evaluate(async () => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie, (await indexedDB.databases()).length]);
  const ledger = new Ledger(world.observe, "cookieless");
  await ledger.track(page, 12);
  await page.locator("#buy").click();
  assert.deepEqual(await stored(), [[], [], "", 0]);
  await ledger.track(page, 3);
  // What waits is handed to the browser as the page is left.
  await visit(page, world.site.url);
  await ledger.track(page, 3);
  await ledger.settled(page);
  // In the order of the calls: what is sent while a page is left may arrive late, and its time is corrected by when it arrived.
  const events = (await ledger.stored()).sort((a, b) => a.properties.n - b.properties.n);
  assert.deepEqual(events.map(({ distinctId }) => distinctId === events[0].distinctId), [...Array(15).fill(true), ...Array(3).fill(false)]);
  assert.deepEqual(new Set(events.map(({ sessionId }) => sessionId)).size, 2);
  assert.ok(events.every(({ properties }) => properties.$cookieless === true));
  assert.deepEqual(await stored(), [[], [], "", 0]);
  assert.deepEqual(await context.cookies(), []);
  await context.close();
});

world.test("a site that turns cookies off forgets what it had stored, but not who opted out", async () => {
  const page = await open("/", "");
  await page.evaluate(() => observe("register", { plan: "pro" }));
  await eventually("the page view", () => named("$pageview").length === 1);
  assert.ok((await page.evaluate(() => Object.keys(localStorage))).includes("observe.id"));
  world.site.head = snippet(proxy.url, WRITE_KEY, " data-cookieless");
  await visit(page, world.site.url);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  await page.evaluate(() => observe("optOut"));
  await visit(page, world.site.url);
  assert.equal(await page.evaluate(() => observe("hasOptedOut")), true);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), ["observe.optout"]);
  assert.deepEqual(world.faults(), []);
  await page.context().close();
});
