// Axe finds nothing on any page: light and dark, desktop and phone, empty and full. A picture of each is kept.
import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./harness/browser.js";
import { funnelSteps, projectUrl, settled, setUp } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { inspect } from "./harness/pictures.js";
import { someDays, VISITORS } from "./harness/traffic.js";
import { openWorld } from "./harness/world.js";

const LONG_MS = 400_000;
const LOOKS = [DESKTOP, PHONE].map((size) => ({ size, themes: ["light", "dark"] }));
const PAGES = {
  overview: "overview",
  errors: "errors",
  usage: "usage",
  ingestion: "ingestion",
  "dead-letters": "ingestion?tab=dead-letters",
  "refused-merges": "ingestion?tab=refused-merges",
  install: "install",
  live: "live",
  "insights-trends": "insights?range=30d",
  "insights-compared": "insights?range=30d&series=unique:$pageview&series=total:paid&compare=previous&as=bars",
  "insights-funnel": "insights?tab=funnel&range=30d&step=$pageview&step=signed_up&step=paid",
  "insights-time": "insights?tab=funnel&range=30d&step=$pageview&step=paid&show=time",
  "insights-funnel-trend": "insights?tab=funnel&range=30d&step=$pageview&step=paid&show=trend",
  "insights-retention": "insights?tab=retention&range=30d",
  "insights-lifecycle": "insights?tab=lifecycle&range=30d",
  "insights-stickiness": "insights?tab=stickiness&range=30d&series=total:$pageview",
  "insights-paths": "insights?tab=paths&range=30d",
  "insights-saved": "insights?tab=saved",
  web: "web?range=30d",
  dashboards: "dashboards",
  people: "people",
  cohorts: "people?tab=cohorts",
  "cohort-new": "people/cohorts/new",
  "list-new": "people/cohorts/new?kind=list",
  groups: "people?tab=groups",
  person: "people/~user-1",
  "person-history": "people/~user-1?tab=history",
  "person-merges": "people/~user-1?tab=merges",
  endpoints: "endpoints",
  uptime: "uptime",
  "monitor-new": "uptime/new",
  incidents: "incidents",
  "project-settings": "settings",
  "organization-settings": "/settings/organization",
  "account-settings": "/settings/account",
  "not-found": "nowhere",
};

const world = openWorld({ bootstrapped: false });
let session;
let base;
let writeKey;

/** Looks at pages in every look. */
const look = (state, pages, storageState, arrange) => inspect(world, state, { pages, looks: LOOKS, storageState, arrange });

const projectPages = () =>
  Object.fromEntries(Object.entries(PAGES).map(([name, path]) => [name, path.startsWith("/") ? world.observe.url + path : `${base}/${path}`]));

world.test("the setup pages", async () => {
  const link = await world.observe.setupLink();
  await look("public", { setup: link, "setup-refused": `${world.observe.url}/setup?token=wrong` });
}, LONG_MS);

world.test("the sign-in page", async () => {
  const owner = await world.open();
  await setUp(owner, await world.observe.setupLink());
  base = projectUrl(owner);
  session = await owner.context().storageState();
  await owner.goto(`${base}/install`);
  const code = await owner.getByRole("region", { name: "HTML snippet" }).innerText();
  writeKey = /obs_pub_\w+/.exec(code)[0];
  await look("public", { "sign-in": `${world.observe.url}/sign-in`, "invitation-refused": `${world.observe.url}/invite/none` });
}, LONG_MS);

world.test("every page of an empty project", async () => {
  await look("empty", projectPages(), session);
}, LONG_MS);

world.test("every page of a project with a month of traffic", async () => {
  const events = someDays();
  for (let at = 0; at < events.length; at += 500) await world.observe.capture(events.slice(at, at + 500), writeKey);
  const looker = await world.open({ storageState: session });
  await eventually("the traffic to be counted", async () => {
    await looker.goto(projectPages()["insights-funnel"]);
    await settled(looker);
    return (await funnelSteps(looker))[0]?.persons === VISITORS;
  }, 60_000);
  await look("full", projectPages(), session);
}, LONG_MS);

world.test("a dashboard looked at, edited and shared, and a cohort", async () => {
  const page = await world.open({ storageState: session });
  await page.goto(projectPages()["insights-trends"]);
  await settled(page);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Dashboard").selectOption({ label: "New dashboard…" });
  await dialog.getByLabel("Name of the dashboard").fill("Monday");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/saved=/);
  await page.goto(projectPages().dashboards);
  await page.getByRole("table", { name: "Dashboards" }).getByText("Monday").click();
  await page.getByRole("article").waitFor();
  const dashboard = page.url();
  await page.getByRole("button", { name: "Share" }).click();
  await dialog.getByRole("button", { name: "Make a link" }).click();
  const shared = await dialog.locator("code").innerText();
  await page.goto(projectPages()["list-new"]);
  await page.getByLabel("Name", { exact: true }).fill("Friends");
  await page.getByLabel("Distinct ids").fill("user-1");
  await page.getByRole("button", { name: "Create list" }).click();
  await page.getByRole("heading", { level: 1, name: /^Friends/ }).waitFor();
  const cohort = page.url();
  await page.context().close();
  await look("full", { dashboard, "dashboard-edited": `${dashboard}?edit=1`, "dashboard-shared": shared, cohort, "cohort-edited": `${cohort}/edit` }, session);
}, LONG_MS);

world.test("an open event, an open menu and a dialog", async () => {
  const pages = { "live-event": `${base}/live`, "trends-picker": `${base}/insights`, "trends-persons": projectPages()["insights-trends"], "new-key": `${base}/settings` };
  await look("open", pages, session, async (page, name) => {
    if (name === "live-event") {
      await page.getByRole("list", { name: "Events, the latest first" }).getByRole("listitem").first().getByRole("button").click();
      await page.getByRole("dialog").waitFor();
    } else if (name === "trends-persons") {
      await page.getByRole("button", { name: /show who is behind it$/ }).first().click();
      await page.getByRole("dialog").getByRole("link").first().waitFor();
    } else if (name === "trends-picker") {
      await page.getByRole("button", { name: /^Event of series 1/ }).click();
      await page.getByRole("listbox", { name: "Events" }).getByRole("option").first().waitFor();
    } else {
      await page.getByRole("button", { name: "New key" }).click();
      await page.getByRole("dialog").waitFor();
    }
  });
  assert.deepEqual(world.faults(), []);
}, LONG_MS);
