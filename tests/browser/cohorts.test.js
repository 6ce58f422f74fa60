// Cohorts: rules that are counted while they are written, fixed lists, and questions about either.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { funnelSteps, pickEvent, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { buyersTwice } from "./harness/buyers.js";
import { openWorld } from "./harness/world.js";

/** What was sent or changed has to be seen by questions within seconds; the wait is long because machines are slow. */
const COUNTED_MS = 60_000;
const world = openWorld();
let page;
let base;

/** Waits until the rule that is written holds for so many of so many. */
const counts = (persons, all) => page.getByRole("status").filter({ hasText: new RegExp(`^${persons} of ${all} people`) }).waitFor({ timeout: COUNTED_MS });
const members = (count) => page.getByText(count === 1 ? "1 person" : `${count} people`, { exact: true }).first().waitFor({ timeout: COUNTED_MS });
const cohortId = () => new URL(page.url()).pathname.split("/").at(-1);

world.test("a project without cohorts says what they are for", async () => {
  page = await world.open({ acceptDownloads: true });
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  await page.goto(`${base}/people?tab=cohorts`);
  await page.getByRole("heading", { name: "Name a set of people" }).waitFor();
});

world.test("a rule is counted while it is written", async () => {
  await world.observe.capture(buyersTwice());
  await world.observe.stored(36);
  await eventually("the visitors to be counted", async () => {
    const { allPersons } = await world.observe.call("observe.reports.v1.CohortService/PreviewCohort", { rule: { conditions: [{ behavior: { event: "viewed" } }] } });
    return allPersons === "20";
  }, COUNTED_MS);
  await page.getByRole("link", { name: "New cohort" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Buyers");
  assert.ok(await page.getByRole("button", { name: "Create cohort" }).isDisabled(), "half a condition can be saved");
  await pickEvent(page, "Choose an event", "bought");
  await counts(4, 20);
  await page.getByLabel("Condition 1: how many times").fill("2");
  await counts(2, 20);
  await page.getByLabel("Condition 1: how the number of times is compared").selectOption({ label: "exactly" });
  await page.getByLabel("Condition 1: how many times").fill("1");
  await counts(2, 20);
  await page.getByLabel("Condition 1: whether it must hold").selectOption({ label: "did not do" });
  await counts(18, 20);
  await page.getByLabel("Condition 1: how many times").fill("0");
  await page.getByLabel("Condition 1: how the number of times is compared").selectOption({ label: "at most" });
  await counts(4, 20);
});

world.test("it is kept, says who is in it, and finds new people by itself", async () => {
  await page.getByRole("button", { name: "Create cohort" }).click();
  await page.getByRole("heading", { level: 1, name: /^Buyers/ }).waitFor();
  await page.getByRole("list", { name: "Rule" }).getByText("did not do bought at most 0 times in the last 30 days").waitFor();
  await members(4);
  await world.observe.capture([{ name: "bought", anonymous_id: "visitor-9" }]);
  await eventually("the fifth buyer", async () => {
    await page.reload();
    await settled(page);
    return (await page.getByText("5 people", { exact: true }).count()) > 0;
  }, COUNTED_MS);
});

world.test("a fixed list is pasted, and a person's page leads onto it", async () => {
  const rule = cohortId();
  await page.goto(`${base}/people/cohorts/new?kind=list`);
  await page.getByLabel("Name", { exact: true }).fill("Friends");
  await page.getByLabel("Distinct ids").fill("visitor-0\nvisitor-1\nvisitor-1\nvisitor-2\nnobody-yet");
  await page.getByText("4 distinct ids.").waitFor();
  await page.getByRole("button", { name: "Create list" }).click();
  await page.getByRole("heading", { level: 1, name: /^Friends/ }).waitFor();
  await members(3);
  const list = page.url();
  await page.goto(`${base}/people/~visitor-5`);
  await page.getByRole("button", { name: "Add to list" }).click();
  await page.getByRole("button", { name: "Add to the list" }).click();
  await page.getByText("On the list “Friends”").waitFor();
  await page.goto(list);
  await members(4);
  await page.getByRole("row").filter({ hasText: "visitor-5" }).getByRole("button", { name: /^Take / }).click();
  await members(3);
  await page.getByRole("button", { name: "Undo" }).click();
  await members(4);
  // The page of one of them is one press away.
  await page.getByRole("row").filter({ hasText: "visitor-5" }).click();
  await page.getByRole("heading", { level: 1, name: /visitor-5/ }).waitFor();
  await page.goto(list);
  assert.notEqual(cohortId(), rule);
});

world.test("the list is a file", async () => {
  await members(4);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV: people" }).click();
  const lines = (await readFile(await (await download).path(), "utf8")).trim().split("\r\n");
  assert.equal(lines.length, 5);
  assert.match(lines[0], /^\ufeff?Person id,Distinct ids,Identified,First seen/);
});

world.test("questions are filtered by a cohort, chosen by its name", async () => {
  await page.goto(`${base}/insights?tab=funnel&step=viewed&step=chosen&step=bought`);
  await settled(page);
  await page.getByRole("button", { name: "Add filter all" }).click();
  await page.getByRole("button", { name: "Cohort", exact: true }).click();
  await page.getByRole("option", { name: /Friends/ }).click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "in Friends", exact: true }).waitFor();
  await eventually("the funnel of the friends", async () => {
    const persons = (await funnelSteps(page)).map((step) => step.persons);
    return persons.join() === "4,4,3";
  }, COUNTED_MS);
});

world.test("a cohort that another one names is not deleted, and deleting asks for the name", async () => {
  const { cohorts } = await world.observe.call("observe.reports.v1.CohortService/ListCohorts", {});
  const friends = cohorts.find(({ name }) => name === "Friends").id;
  await world.observe.call("observe.reports.v1.CohortService/CreateCohort", { name: "Others", rule: { conditions: [{ cohortId: friends, negated: true }] } });
  await page.goto(`${base}/people/cohorts/${friends}`);
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: "Delete cohort" }).isDisabled());
  await dialog.getByLabel("Type “Friends” to go on").fill("Friends");
  await dialog.getByRole("button", { name: "Delete cohort" }).click();
  await dialog.getByRole("alert").waitFor();
  const others = (await world.observe.call("observe.reports.v1.CohortService/ListCohorts", {})).cohorts.find(({ name }) => name === "Others").id;
  await world.observe.call("observe.reports.v1.CohortService/DeleteCohort", { cohortId: others });
  await dialog.getByRole("button", { name: "Delete cohort" }).click();
  await page.getByRole("table", { name: "Cohorts" }).getByText("Buyers").waitFor();
  assert.equal(await page.getByRole("table", { name: "Cohorts" }).getByText("Friends").count(), 0);
  assert.deepEqual(world.faults(), []);
});
