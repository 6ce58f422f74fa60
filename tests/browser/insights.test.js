// Questions and their answers, beside numbers counted by hand.
import assert from "node:assert/strict";
import { chooseFunnel, funnelSteps, openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { buyers } from "./harness/buyers.js";
import { openWorld } from "./harness/world.js";

const world = openWorld();
let page;
let base;

world.test("a project without events says what insights are for", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  await openPlace(page, "Insights");
  await settled(page);
  assert.equal(await page.getByRole("figure").count(), 0);
  assert.equal(await page.getByRole("alert").count(), 0);
});

world.test("a funnel counts persons, conversion and drop-off", async () => {
  await world.observe.capture(buyers());
  await world.observe.stored(34);
  await page.reload();
  await chooseFunnel(page, ["viewed", "chosen", "bought"]);
  const steps = await eventually("the funnel to count all", async () => {
    const found = await funnelSteps(page);
    // While an answer is under way, the one before is shown.
    if (found.length === 3 && found[0].persons === 20) return found;
    await page.reload();
    await settled(page);
    return false;
  }, 60_000);
  assert.deepEqual(steps.map(({ persons }) => persons), [20, 10, 4]);
  assert.match(steps[1].text, /50 ?%/);
  assert.match(steps[2].text, /20 ?%.*40 ?%.*6 dropped off/);
});

world.test("a step whose event never came is a hint with a suggestion, and no error", async () => {
  await page.goto(`${base}/insights?tab=funnel&step=viewed&step=chosn`);
  const hints = page.getByRole("list", { name: "Hints" });
  await hints.getByText('No event named "chosn" in this project.').waitFor();
  await settled(page);
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual((await funnelSteps(page)).map(({ persons }) => persons), [20, 0]);
  await hints.getByRole("button", { name: "chosen" }).click();
  await hints.waitFor({ state: "hidden" });
  await eventually("the funnel of the right name", async () => (await funnelSteps(page))[1]?.persons === 10);
});

world.test("trends show the numbers as a chart and as a table", async () => {
  await page.goto(`${base}/insights?series=total:viewed&series=unique:bought`);
  await settled(page);
  await page.getByRole("figure").first().waitFor();
  await page.getByRole("button", { name: "Show as table" }).click();
  const table = page.getByRole("table").first();
  const sums = await table.evaluate((element) => {
    const rows = [...element.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent.replace(/,/g, "")) || 0));
    return rows.map((cells) => cells.reduce((sum, cell) => sum + cell, 0));
  });
  const total = sums.reduce((sum, one) => sum + one, 0);
  assert.equal(total % (20 + 4), 0, `the cells sum up to a multiple of 24: ${sums}`);
  assert.ok(total > 0);
});

world.test("the address holds the question: another session sees the same answer", async () => {
  await page.goto(`${base}/insights?tab=funnel&step=viewed&step=bought&by=country`);
  await settled(page);
  const other = await world.open();
  await signIn(other, world.observe.url);
  await other.goto(page.url());
  await settled(other);
  assert.deepEqual(await funnelSteps(other), await funnelSteps(page));
  assert.deepEqual(world.faults(), []);
});
