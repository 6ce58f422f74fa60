// Dashboards: filled, arranged, kept through a conflict, shared with somebody without an account.
import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.js";
import { joinAs, openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { buyers } from "./harness/buyers.js";
import { openWorld } from "./harness/world.js";

/** What was sent has to be seen by questions within seconds; the wait is long because machines are slow. */
const COUNTED_MS = 60_000;
const MONTH = "2592000s";
const world = openWorld();
let page;
let base;
let link;

const call = (method, body) => world.observe.call(`observe.reports.v1.${method}`, body);
const save = (name, query) => call("SavedInsightService/CreateSavedInsight", { savedInsight: { name, query: { ...query, last: MONTH } } });
const tiles = (on = page) => on.locator("[data-tile]").evaluateAll((all) => all.map((one) => `${one.getAttribute("aria-label")} ${one.dataset.width}`));
const saved = () => page.getByRole("status").filter({ hasText: "✓ Saved" }).waitFor();
const dashboardId = () => new URL(page.url()).pathname.split("/").at(-1);

/** How many persons each step of the funnel on a dashboard has. */
async function funnelPersons(on) {
  const steps = await on.getByRole("article", { name: "Look to buy" }).getByRole("figure").getByRole("listitem").allInnerTexts();
  return steps.map((text) => Number(/([\d,]+) persons?/.exec(text.replace(/\s+/g, " "))?.[1].replace(/,/g, "")));
}

world.test("a dashboard is made and filled with insights and a text", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  await world.observe.capture(buyers());
  await world.observe.stored(34);
  await save("Views a day", { trends: { interval: "INTERVAL_DAY", timeZone: "UTC", series: [{ event: "viewed" }] } });
  await save("Look to buy", { funnel: { steps: ["viewed", "chosen", "bought"].map((event) => ({ event })), window: "86400s" } });
  await openPlace(page, "Dashboards");
  await page.getByRole("heading", { name: "Insights side by side" }).waitFor();
  await page.getByRole("button", { name: "New dashboard" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Monday");
  await page.getByRole("button", { name: "Create dashboard" }).click();
  await page.getByRole("heading", { level: 1, name: "Monday" }).waitFor();
  await page.getByRole("button", { name: "Add insights" }).click();
  await page.getByRole("button", { name: "Add Views a day" }).click();
  await page.getByRole("button", { name: "Add Look to buy" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Add text" }).click();
  await page.getByRole("textbox", { name: "Text" }).fill("What we look at.\nEvery week.");
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await saved();
  await eventually("the funnel to have all persons", async () => {
    await page.getByRole("button", { name: "Ask again" }).click({ timeout: 1_000 }).catch(() => undefined);
    return (await funnelPersons(page)).join() === "20,10,4";
  }, COUNTED_MS);
});

world.test("tiles are moved by keys and by hand, and made wider; all of it is kept", async () => {
  assert.deepEqual(await tiles(), ["Views a day half", "Look to buy half", "Text full"]);
  await page.getByRole("button", { name: /^Move Look to buy/ }).focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByText("Tile 1 of 3 now").waitFor({ state: "attached" });
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^Move Look to buy/);
  await page.getByRole("radiogroup", { name: "Width of Views a day" }).getByText("⅓").click();
  const handle = await page.getByRole("button", { name: /^Move Views a day/ }).boundingBox();
  const target = await page.getByRole("article", { name: "Look to buy" }).boundingBox();
  await page.mouse.move(handle.x + 8, handle.y + 8);
  await page.mouse.down();
  await page.mouse.move(target.x + 80, target.y + 120, { steps: 8 });
  await page.mouse.up();
  await saved();
  const expected = ["Views a day third", "Look to buy half", "Text full"];
  assert.deepEqual(await tiles(), expected);
  await eventually("the order to be kept", async () => {
    const { dashboard } = await call("DashboardService/GetDashboard", { dashboardId: dashboardId() });
    return dashboard.tiles.map(({ width }) => width).join() === "WIDTH_THIRD,WIDTH_HALF,WIDTH_FULL";
  });
  await page.getByRole("button", { name: "Done" }).click();
  await page.reload();
  await settled(page);
  assert.deepEqual(await tiles(), expected);
});

world.test("one time is looked at for all tiles, in the address, and kept only while editing", async () => {
  await page.getByLabel("Time of all tiles").selectOption({ label: "Last 24 hours" });
  await page.waitForURL(/last=24/);
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel("Time of all tiles").inputValue(), "24");
  assert.equal((await call("DashboardService/GetDashboard", { dashboardId: dashboardId() })).dashboard.last, undefined);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Time of all tiles").selectOption({ label: "Last 30 days" });
  await eventually("the time to be kept", async () => (await call("DashboardService/GetDashboard", { dashboardId: dashboardId() })).dashboard.last === MONTH);
});

world.test("what somebody else saved meanwhile is not overwritten unasked", async () => {
  const { dashboard } = await call("DashboardService/GetDashboard", { dashboardId: dashboardId() });
  await call("DashboardService/UpdateDashboard", { dashboard: { ...dashboard, name: "Theirs", updatedTime: undefined } });
  await page.getByLabel("Name", { exact: true }).fill("Mine");
  await page.getByRole("alert").getByText("Somebody else changed this dashboard meanwhile.").waitFor();
  assert.equal((await call("DashboardService/GetDashboard", { dashboardId: dashboard.id })).dashboard.name, "Theirs");
  await page.getByRole("button", { name: "Keep mine" }).click();
  await saved();
  assert.equal((await call("DashboardService/GetDashboard", { dashboardId: dashboard.id })).dashboard.name, "Mine");
});

world.test("anybody with the link sees it, without an account and without a way to anywhere else", async () => {
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "Make a link" }).click();
  link = await page.getByRole("dialog").locator("code").innerText();
  await page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
  for (const size of [undefined, PHONE]) {
    const stranger = await world.open(size && { size });
    await stranger.goto(link);
    await stranger.getByRole("heading", { level: 1, name: "Mine" }).waitFor();
    await eventually("the stranger to see the funnel", async () => (await funnelPersons(stranger)).join() === "20,10,4", COUNTED_MS);
    assert.equal(await stranger.getByRole("navigation").count(), 0);
    assert.equal(await stranger.getByRole("link").count(), 0);
    assert.equal(new URL(stranger.url()).pathname, new URL(link).pathname);
    const over = await stranger.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0);
    await stranger.context().close();
  }
});

world.test("a viewer looks, and changes nothing", async () => {
  const viewer = await world.open();
  const address = page.url();
  const owner = await page.context().newPage();
  await owner.goto(`${base}/overview`);
  await joinAs("Viewer", owner, viewer, { name: "Vera Viewer", email: "vera@example.com" });
  await owner.close();
  await viewer.goto(address.replace(/\?.*/, "?edit=1"));
  await viewer.getByRole("heading", { level: 1, name: "Mine" }).waitFor();
  await settled(viewer);
  for (const name of ["Edit", "Done", "Share", "Add insights"]) assert.equal(await viewer.getByRole("button", { name, exact: true }).count(), 0, name);
});

world.test("a link that has ended shows nothing more", async () => {
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "End the link" }).click();
  await page.getByText("The link has ended").waitFor();
  const stranger = await world.open();
  await stranger.goto(link);
  await stranger.getByRole("heading", { name: "This link does not work any more" }).waitFor();
  await stranger.goto(`${new URL(link).origin}/shared/never-existed`);
  await stranger.getByRole("heading", { name: "This link does not work any more" }).waitFor();
});

world.test("an insight that is deleted leaves its dashboard, and a dashboard asks for its name before it goes", async () => {
  const { savedInsights } = await call("SavedInsightService/ListSavedInsights", { search: "views" });
  await call("SavedInsightService/DeleteSavedInsight", { savedInsightId: savedInsights[0].id });
  await page.reload();
  await settled(page);
  await eventually("the tile to be gone", async () => (await tiles()).join() === "Look to buy half,Text full");
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: "Delete dashboard" }).isDisabled());
  await dialog.getByLabel("Type “Mine” to go on").fill("Mine");
  await dialog.getByRole("button", { name: "Delete dashboard" }).click();
  await page.getByRole("heading", { name: "Insights side by side" }).waitFor();
  assert.equal((await call("SavedInsightService/ListSavedInsights", {})).savedInsights.length, 1);
  assert.deepEqual(world.faults(), []);
});
