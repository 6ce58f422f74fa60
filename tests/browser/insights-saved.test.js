// Questions under a name, on dashboards, and what is noted in their charts.
import assert from "node:assert/strict";
import { joinAs, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { week } from "./harness/insights.js";
import { openWorld } from "./harness/world.js";

const NAME = "<b>Openings</b> & more";
const world = openWorld();
let page;
let base;
const title = (name) => page.getByRole("heading", { level: 1, name, exact: true });
const more = async (entry) => {
  await page.getByRole("button", { name: "More about this insight" }).click();
  await page.getByRole("menuitem", { name: entry }).click();
};

world.test("a question is saved under a name, and on a new dashboard", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  const events = week();
  await world.observe.capture(events);
  await world.observe.stored(events.length);
  await page.goto(`${base}/insights?range=30d&series=unique:opened|e,plan,is,pro&compare=previous`);
  await settled(page);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Save insight" });
  await dialog.getByLabel("Name", { exact: true }).fill(NAME);
  await dialog.getByLabel("Dashboard").selectOption({ label: "New dashboard…" });
  await dialog.getByLabel("Name of the dashboard").fill("Growth");
  await dialog.getByRole("button", { name: "Save" }).click();
  await title(NAME).waitFor();
  await page.waitForURL(/saved=/);
  const { dashboards } = await world.observe.call("observe.reports.v1.DashboardService/ListDashboards");
  const { dashboard, saved_insights, savedInsights = saved_insights } = await world.observe.call("observe.reports.v1.DashboardService/GetDashboard", { dashboard_id: dashboards[0].id });
  assert.deepEqual([dashboard.name, dashboard.tiles.length, savedInsights[0].name], ["Growth", 1, NAME]);
});

world.test("a change is offered to be saved, and is there when the insight is opened from the list", async () => {
  assert.equal(await page.getByRole("button", { name: "Save changes" }).count(), 0);
  await page.getByRole("radio", { name: "Bars" }).click();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("button", { name: "Save changes" }).waitFor({ state: "hidden" });
  await page.goto(`${base}/insights?tab=saved`);
  await page.getByRole("table", { name: "Saved insights" }).getByRole("link", { name: NAME }).click();
  await title(NAME).waitFor();
  assert.match(decodeURIComponent(page.url()), /range=30d.*as=bars.*series=unique:opened\|e,plan,is,pro.*compare=previous/);
});

world.test("an insight is opened by its id alone", async () => {
  const id = new URL(page.url()).searchParams.get("saved");
  await page.goto(`${base}/insights?saved=${id}`);
  await page.waitForURL(/series=unique:opened/);
  await title(NAME).waitFor();
  await settled(page);
});

world.test("it is renamed, saved as another one, put on the dashboard again, and deleted", async () => {
  await more("Rename…");
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Openings");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await title("Openings").waitFor();
  await more("Save as another…");
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Copy");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await title("Copy").waitFor();
  await more("Add to a dashboard…");
  await page.getByRole("dialog").getByLabel("Dashboard").selectOption({ label: "Growth" });
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByText("Added to Growth").waitFor();
  await more("Delete…");
  await page.getByRole("dialog").getByRole("button", { name: "Delete insight" }).click();
  await title("Insights").waitFor();
  await page.goto(`${base}/insights?tab=saved`);
  const names = page.getByRole("table", { name: "Saved insights" }).getByRole("link");
  await names.first().waitFor();
  assert.deepEqual(await names.allInnerTexts(), ["Openings"]);
  const { dashboards } = await world.observe.call("observe.reports.v1.DashboardService/ListDashboards");
  const { dashboard } = await world.observe.call("observe.reports.v1.DashboardService/GetDashboard", { dashboard_id: dashboards[0].id });
  assert.equal(dashboard.tiles.length, 1, "what is deleted is on no dashboard");
});

world.test("a note is added in a chart, changed, shown in others, and deleted", async () => {
  const mark = (text) => page.getByRole("button", { name: `Annotation: ${text}`, exact: true });
  await page.goto(`${base}/insights?range=7d&series=total:opened`);
  await settled(page);
  await page.getByRole("button", { name: "Add annotation" }).click();
  await page.getByRole("dialog").getByLabel("What happened").fill("<i>Release</i> 2.14");
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await mark("<i>Release</i> 2.14").click();
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("dialog").getByLabel("What happened").fill("Release 2.15");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await mark("Release 2.15").waitFor();
  await page.getByRole("tab", { name: "Lifecycle" }).click();
  await mark("Release 2.15").click();
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await eventually("the mark to go", async () => (await mark("Release 2.15").count()) === 0);
});

world.test("a viewer looks, and is offered nothing that only members may do", async () => {
  const viewer = await world.open();
  await joinAs("Viewer", page, viewer, { name: "Vera", email: "viewer@example.com" });
  await viewer.goto(`${base}/insights?range=7d&series=total:opened`);
  await settled(viewer);
  await viewer.getByRole("figure").first().waitFor();
  for (const name of ["Save", "Add annotation"]) assert.equal(await viewer.getByRole("button", { name, exact: true }).count(), 0, name);
  await viewer.goto(`${base}/insights?tab=saved`);
  await viewer.getByRole("link", { name: "Openings" }).waitFor();
  assert.equal(await viewer.getByRole("button", { name: /^Actions for/ }).count(), 0);
  assert.deepEqual(world.faults(), []);
});
