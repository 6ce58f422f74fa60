// What is broken: the first page, live, from an empty project to a fault and its end.
import assert from "node:assert/strict";
import { projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { faults } from "./harness/exceptions.js";
import { openWorld } from "./harness/world.js";

/** From a signal to its row, with room for a busy machine. */
const SIGNAL_MS = 30_000;
const world = openWorld();
let page;
let base;

const headline = (name) => page.getByRole("heading", { level: 1, name });
const rows = () => page.getByRole("list", { name: "What is broken, the worst first" }).getByRole("listitem");

world.test("an empty project finds the snippet and a demo there, and waits for the first event", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  assert.equal(page.url(), `${base}/overview`);
  await page.getByRole("region", { name: "HTML snippet" }).getByText("obs_pub_").waitFor();
  await page.getByText("observe demo").waitFor();
  await page.getByRole("heading", { name: "Waiting for the first event" }).waitFor();
});

world.test("the first event turns the page into the overview", async () => {
  await world.observe.capture([{ name: "$pageview", user_id: "buyer-0", properties: { $pathname: "/" } }]);
  await page.getByRole("heading", { name: "The first event is here" }).waitFor();
  await headline("Nothing is broken").waitFor();
  await page.getByRole("region", { name: "Numbers of today" }).waitFor();
  assert.equal(await page.getByRole("region", { name: "HTML snippet" }).count(), 0);
});

world.test("a fault appears by itself, with the people it hits", async () => {
  await world.observe.capture([...faults(6), ...faults(6)]);
  await headline("1 thing is broken").waitFor({ timeout: SIGNAL_MS });
  const row = rows().filter({ hasText: "TypeError: cart is undefined" });
  await row.getByText("6 people").waitFor({ timeout: SIGNAL_MS });
  assert.match(await row.innerText(), /since \d\d:\d\d/);
  assert.match(await page.title(), /^\(1\) Overview/);
});

world.test("the keyboard leads to the evidence", async () => {
  await page.locator("main").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "TypeError: cart is undefined" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await headline("1 thing is broken").waitFor();
});

world.test("without a stream the page asks again and again", async () => {
  const other = await world.open({ storageState: await page.context().storageState() });
  await other.route("**/observe.reports.v1.OverviewService/WatchOverview", (route) => route.abort());
  await other.goto(`${base}/overview`);
  await other.getByText(/As of \d\d:\d\d:\d\d/).waitFor();
  await other.getByRole("heading", { level: 1, name: "1 thing is broken" }).waitFor();
  await world.observe.capture(faults(4, { type: "RangeError", message: "page out of range", stack: "RangeError: page out of range\n    at list (https://shop.example/src/list.js:3:1)" }));
  await other.getByRole("heading", { level: 1, name: "2 things are broken" }).waitFor({ timeout: SIGNAL_MS });
  await other.context().close();
});

world.test("what is resolved leaves the list, and all well says so", async () => {
  for (const name of ["TypeError: cart is undefined", "RangeError: page out of range"]) {
    await page.goto(`${base}/overview`);
    await rows().filter({ hasText: name }).getByRole("link").click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    await page.getByRole("button", { name: "Resolve" }).click();
    await page.getByText("Resolved. It reopens when it happens again.").waitFor();
  }
  await page.goto(`${base}/overview`);
  await headline("Nothing is broken").waitFor({ timeout: SIGNAL_MS });
});

world.test("usage counts the day", async () => {
  const today = page.getByRole("table", { name: "Usage by day, the latest first" }).getByRole("row").nth(1);
  const cells = await eventually("all events to be counted", async () => {
    await page.goto(`${base}/usage`);
    await settled(page);
    const texts = await today.getByRole("cell").allInnerTexts();
    return texts[1] === "17" && texts;
  });
  assert.match(cells[0], /not over yet/);
  assert.equal(cells[2], "6", "persons");
  assert.equal(cells[4], "16", "errors");
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  assert.match((await file).suggestedFilename(), /^usage-\d{4}-\d\d-\d\d-to-\d{4}-\d\d-\d\d\.csv$/);
  assert.deepEqual(world.faults(), []);
});
