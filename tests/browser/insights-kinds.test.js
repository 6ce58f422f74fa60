// Every kind of question, beside numbers counted by hand, and who is behind each of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { funnelSteps, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { answerTable, ask, behindPanel, personsBehind, week } from "./harness/insights.js";
import { openWorld } from "./harness/world.js";

const world = openWorld();
let page;
let base;
const insights = (query) => `${base}/insights?${query}`;
/** The rows of the days on which something happened, without their names. */
const filled = (rows) => rows.map(([, ...cells]) => cells.map(Number)).filter((cells) => cells.some((cell) => cell !== 0));

world.test("trends count events, persons and values, and compare with the time before", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  const events = week();
  await world.observe.capture(events);
  await world.observe.stored(events.length);
  const rows = await ask(page, insights("range=7d&series=total:opened&series=unique:$pageview&series=sum,amount:bought"), "all to be counted", () => answerTable(page), (found) => filled(found).length === 4);
  assert.deepEqual(filled(rows), [[10, 10, 40], [5, 0, 0], [2, 0, 0], [1, 0, 0]]);
  await page.goto(insights("range=7d&series=total:opened&compare=previous"));
  await settled(page);
  await page.getByRole("button", { name: "Show as table" }).click();
  await page.getByRole("columnheader", { name: "opened, the time before" }).waitFor();
});

world.test("a formula is computed over the series", async () => {
  const rows = await ask(page, insights("range=7d&series=total:opened&series=unique:opened&formula=A+/+B+*+100"), "the formula", () => answerTable(page), (found) => filled(found).length === 4);
  assert.deepEqual(filled(rows), [[100], [100], [100], [100]]);
  await page.getByRole("button", { name: "Remove formula" }).click();
  await page.getByRole("columnheader", { name: /opened/ }).nth(1).waitFor();
});

world.test("a number of trends leads to its persons, and from there to one of them", async () => {
  await page.goto(insights("range=7d&series=unique:bought"));
  await settled(page);
  await page.getByRole("button", { name: /show who is behind it$/ }).click();
  assert.deepEqual(await personsBehind(page, 2), ["visitor-0", "visitor-1"]);
  await behindPanel(page).getByRole("link").first().click();
  await page.waitForURL(/\/people\//);
  await page.getByRole("heading", { level: 1, name: /visitor-[01]/ }).waitFor();
});

world.test("the keyboard alone reads a chart, opens the persons of a day, and comes back", async () => {
  await page.goto(insights("range=7d&series=unique:opened"));
  await settled(page);
  const chart = page.getByRole("slider", { name: /Trends/ });
  await chart.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await eventually("the day to be read", async () => /opened 10/.test(await chart.getAttribute("aria-valuetext")));
  await page.keyboard.press("Enter");
  await personsBehind(page, 10);
  await page.keyboard.press("Escape");
  await behindPanel(page).waitFor({ state: "hidden" });
  assert.ok(await chart.evaluate((element) => element === document.activeElement));
});

world.test("a funnel knows optional steps, exclusions and other orders", async () => {
  const counted = async (query, expected) => {
    const steps = await ask(page, insights(`tab=funnel&range=7d&${query}`), `the funnel ${query}`, () => funnelSteps(page), (found) => found.length === expected.length);
    assert.deepEqual(steps.map(({ persons }) => persons), expected, query);
  };
  await counted("step=opened&step=bought", [10, 2]);
  await counted("step=opened&step=refunded||optional&step=bought", [10, 1, 2]);
  await counted("step=opened&step=bought&without=refunded", [9, 1]);
  await counted("step=bought&step=opened&order=any", [10, 2]);
});

world.test("those who dropped off are listed, and the way of one of them is explained", async () => {
  await page.goto(insights("tab=funnel&range=7d&step=opened&step=bought&without=refunded"));
  await settled(page);
  await page.getByRole("figure", { name: "Funnel" }).getByRole("button", { name: /dropped off/ }).click();
  await personsBehind(page, 8);
  await behindPanel(page).getByRole("button", { name: "Explain", exact: true }).first().click();
  await behindPanel(page).getByRole("listitem").getByText("Step 1").first().waitFor();
  await behindPanel(page).getByLabel("Is somebody missing?").fill("visitor-0");
  await page.keyboard.press("Enter");
  await behindPanel(page).getByRole("listitem").getByText("Excluded").first().waitFor();
  await page.keyboard.press("Escape");
});

world.test("a funnel shows how long it took, and how it changes", async () => {
  await page.goto(insights("tab=funnel&range=7d&step=opened&step=bought&show=time"));
  await settled(page);
  const times = await answerTable(page);
  assert.equal(times.reduce((sum, [, count]) => sum + Number(count), 0), 2);
  await page.getByRole("radio", { name: "Over time" }).click();
  await page.waitForURL(/show=trend/);
  await settled(page);
  const trend = await answerTable(page);
  assert.equal(trend.filter(([, share]) => Number(share) === 0.2).length, 1);
});

world.test("retention is a row for each day, and marks what is not over yet", async () => {
  const grid = page.getByRole("grid", { name: "Retention" });
  const cell = (name) => grid.getByRole("gridcell", { name });
  await page.goto(insights("tab=retention&range=7d&start=opened&return=opened"));
  await cell("Day 1: 5 of 10 persons, 50 %").waitFor();
  await cell("Day 2: 2 of 10 persons, 20 %").waitFor();
  await cell("Day 3: 1 of 10 persons, 10 %").waitFor();
  await cell("Day 5: 0 of 10 persons, 0 %, not over yet").waitFor();
  await page.getByRole("radio", { name: "Counts" }).click();
  await cell("Day 1: 5 of 10 persons, 50 %").getByText("5", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Rules" }).click();
  await page.getByLabel("A person is retained who came back").selectOption({ label: "in that period or a later one" });
  await cell("Day 1: 6 of 10 persons, 60 %").waitFor();
});

world.test("a cell of retention leads to those who came back, and to those who did not", async () => {
  await page.goto(insights("tab=retention&range=7d&start=opened&return=opened"));
  const cell = page.getByRole("gridcell", { name: "Day 2: 2 of 10 persons, 20 %" });
  await cell.focus();
  await page.keyboard.press("Enter");
  assert.deepEqual(await personsBehind(page, 2), ["visitor-0", "visitor-1"]);
  await behindPanel(page).getByRole("button", { name: "Explain", exact: true }).first().click();
  await behindPanel(page).getByRole("listitem").getByText("Counted").first().waitFor();
  await behindPanel(page).getByRole("radio", { name: "Did not" }).click();
  await personsBehind(page, 8);
  await page.keyboard.press("Escape");
});

world.test("lifecycle tells new, returning, resurrecting and dormant persons apart", async () => {
  await page.goto(insights("tab=lifecycle&range=7d"));
  await settled(page);
  const rows = await answerTable(page);
  // Returning, resurrecting, new, dormant.
  assert.deepEqual(filled(rows), [[0, 0, 10, 0], [5, 0, 0, 5], [2, 0, 0, 3], [0, 1, 0, 2], [0, 0, 0, 1]]);
  await page.getByRole("figure").getByRole("table").getByRole("button", { name: "3", exact: true }).click();
  assert.deepEqual(await personsBehind(page, 3), ["visitor-2", "visitor-3", "visitor-4"]);
  await behindPanel(page).getByRole("radio", { name: "Returning" }).click();
  assert.deepEqual(await personsBehind(page, 2), ["visitor-0", "visitor-1"]);
  await page.keyboard.press("Escape");
});

world.test("stickiness counts persons by the days they were active on", async () => {
  await page.goto(insights("tab=stickiness&range=7d&series=total:opened"));
  await settled(page);
  const rows = await answerTable(page);
  assert.deepEqual(rows.map(([, count]) => Number(count)), [4, 4, 2, 0, 0, 0, 0]);
});

world.test("paths lead from page to page, and a place tells where they went on and ended", async () => {
  await page.goto(insights("tab=paths&range=7d"));
  await settled(page);
  await page.getByRole("button", { name: /^Step 1: ?\/ ?10$/ }).click();
  const place = page.getByRole("dialog", { name: "/", exact: true });
  await place.getByText("went on to /pricing").waitFor();
  await place.getByRole("button", { name: "6", exact: true }).click();
  await personsBehind(page, 6);
  await page.keyboard.press("Escape");
  const rows = await answerTable(page);
  assert.deepEqual(rows.map(([from, step, to, paths, persons]) => [from, step, to, paths, persons]), [["/", "1", "/pricing", "6", "6"], ["/pricing", "2", "/buy", "2", "2"]]);
});

world.test("cohorts filter and split answers", async () => {
  const { cohort } = await world.observe.call("observe.reports.v1.CohortService/CreateCohort", { name: "Buyers" });
  await world.observe.call("observe.reports.v1.CohortService/AddCohortPersons", { cohort_id: cohort.id, distinct_ids: ["visitor-0", "visitor-1"] });
  const rows = await ask(page, insights(`range=7d&series=unique:opened&where=c,,is,${cohort.id}`), "the cohort to count", () => answerTable(page), (found) => filled(found)[0]?.[0] === 2);
  assert.deepEqual(filled(rows), [[2], [2], [2]]);
  await page.getByRole("button", { name: "in Buyers", exact: true }).waitFor();
  await page.getByRole("button", { name: "Break down" }).click();
  await page.getByRole("button", { name: "Cohort", exact: true }).click();
  await page.getByRole("listbox", { name: "Cohorts" }).getByRole("option", { name: /Buyers/ }).click();
  await page.waitForURL(/by=c/);
  await page.keyboard.press("Escape");
  await page.getByRole("table", { name: "Lines" }).getByText("Buyers", { exact: true }).first().waitFor();
});

world.test("a chart is saved as the file that its table is", async () => {
  await page.goto(insights("tab=stickiness&range=7d&series=total:opened"));
  await settled(page);
  const download = page.waitForEvent("download");
  await page.getByRole("figure").getByRole("button", { name: "Download CSV" }).click();
  const text = readFileSync(await (await download).path(), "utf8").replace("\ufeff", "");
  assert.deepEqual(text.split("\r\n").slice(0, 3), ["Active on so many days,opened", "1 day,4", "2 days,4"]);
  assert.deepEqual(world.faults(), []);
});
