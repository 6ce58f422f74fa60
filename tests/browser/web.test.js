// The page Web, beside numbers counted by hand.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { openWorld } from "./harness/world.js";

const MINUTE_MS = 60_000;
/** What was sent has to be seen by questions within seconds; the wait is long because machines are slow. */
const COUNTED_MS = 60_000;
const world = openWorld();
let page;
let base;

/** 20 visitors look at the front page, 10 of them at the prices a minute later, and 4 of those at a third page; every second one came from the news. */
function visits() {
  const start = Date.now() - 90 * MINUTE_MS;
  const ways = [["/", 20], ["/pricing", 10], ["/sign-up", 4]];
  return ways.flatMap(([path, count], step) =>
    Array.from({ length: count }, (_, visitor) => ({
      name: "$pageview",
      anonymous_id: `visitor-${visitor}`,
      timestamp: new Date(start + step * MINUTE_MS + visitor * 1_000).toISOString(),
      properties: {
        $session_id: `session-${visitor}`,
        $pathname: path,
        $current_url: `https://shop.example${path}`,
        $referrer: step === 0 && visitor % 2 === 0 ? "https://news.example/item" : "",
      },
    })),
  );
}

const tile = (name) => page.getByRole("list", { name: "Numbers" }).getByRole("listitem").filter({ hasText: name }).locator("b");
const rows = async (table) => {
  const found = page.getByRole("table", { name: table, exact: true }).locator("tbody tr");
  return (await found.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent.trim())))).map((cells) => cells.slice(0, 3));
};

world.test("a project without page views says how they come", async () => {
  page = await world.open({ acceptDownloads: true });
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  await openPlace(page, "Web");
  await page.getByRole("heading", { name: "No page view has arrived yet" }).waitFor();
  await page.getByRole("link", { name: "Install the snippet" }).waitFor();
});

world.test("visitors, views, sessions, bounces and durations are as counted by hand", async () => {
  await world.observe.capture(visits());
  await world.observe.stored(34);
  await eventually("all page views to be counted", async () => {
    await page.goto(`${base}/web`);
    await settled(page);
    return (await tile("Page views").count()) > 0 && (await tile("Page views").innerText()) === "34";
  }, COUNTED_MS);
  assert.equal(await tile("Visitors").innerText(), "20");
  assert.equal(await tile("Sessions").innerText(), "20");
  assert.match(await tile("Bounce rate").innerText(), /^50\s%$/);
  // Six sessions of one minute, four of two, ten of none.
  assert.equal(await tile("Session duration").innerText(), "42 s");
  assert.equal(await tile("Views a session").innerText(), "1.7");
});

world.test("tables have pages, where visits begin and end, and where they come from", async () => {
  assert.deepEqual(await rows("Pages"), [["/", "20", "20"], ["/pricing", "10", "10"], ["/sign-up", "4", "4"]]);
  await page.getByRole("radiogroup", { name: "Pages by" }).getByText("Entry").click();
  assert.deepEqual(await rows("Entry pages"), [["/", "20", "20"]]);
  await page.getByRole("radiogroup", { name: "Pages by" }).getByText("Exit").click();
  assert.deepEqual((await rows("Exit pages")).map(([name, visitors]) => [name, visitors]), [["/", "10"], ["/pricing", "6"], ["/sign-up", "4"]]);
  const sources = await rows("Referrers");
  assert.deepEqual(sources.map(([name, visitors]) => [name, visitors]).toSorted(), [["Direct, or not said", "10"], ["news.example", "10"]]);
});

world.test("a row that is pressed filters the page, the address keeps it, and Back undoes it", async () => {
  await page.getByRole("button", { name: "Filter by referrer news.example" }).click();
  await eventually("the visitors from the news alone", async () => (await tile("Visitors").innerText()) === "10");
  const address = page.url();
  assert.match(decodeURIComponent(address), /\$entry_referring_domain,is,news\.example/);
  // Half of each step: the even visitors.
  assert.equal(await tile("Page views").innerText(), "17");
  await page.goBack();
  await eventually("all visitors again", async () => (await tile("Visitors").innerText()) === "20");
  await page.goto(address);
  await settled(page);
  await eventually("the same answer at the same address", async () => (await tile("Visitors").innerText()) === "10");
  await page.getByRole("button", { name: /^Remove filter/ }).click();
  await eventually("all visitors without the filter", async () => (await tile("Visitors").innerText()) === "20");
});

world.test("a table is a file, and the chart is a table", async () => {
  await page.getByRole("radiogroup", { name: "Pages by" }).getByText("All").click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV: Pages" }).click();
  const text = await readFile(await (await download).path(), "utf8");
  assert.deepEqual(text.replace("\ufeff", "").trim().split("\r\n").slice(0, 2), ["Page,Visitors,Views,Bounce rate", "/,20,20,0.5"]);
  await page.getByRole("button", { name: "Page views" }).click();
  await page.getByRole("figure", { name: "Page views" }).waitFor();
  await page.getByRole("button", { name: "Show as table" }).click();
  const cells = await page.getByRole("region", { name: "Page views as a table" }).locator("tbody td").allInnerTexts();
  assert.equal(cells.reduce((sum, cell) => sum + Number(cell.replace(/,/g, "")), 0), 34);
});

world.test("who is there now is counted", async () => {
  await world.observe.capture([{ name: "ping", anonymous_id: "visitor-1" }]);
  await eventually("one person now", async () => {
    await page.reload();
    await settled(page);
    return (await page.getByRole("link", { name: /1 person now/ }).count()) === 1;
  }, COUNTED_MS);
  assert.deepEqual(world.faults(), []);
});
