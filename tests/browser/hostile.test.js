// Whoever can send events can send markup. It is text on every page.
import assert from "node:assert/strict";
import { fillSignIn, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { acceptAgain, refuseEventsNamed } from "./harness/database.js";
import { eventually } from "./harness/eventually.js";
import { OWNER, WRITE_KEY } from "./harness/observe.js";
import { openWorld } from "./harness/world.js";

const IMAGE = `<img src=x onerror="window.__xss=1">`;
const SCRIPT = `"><script>window.__xss=1;alert(1)</script>`;
const VECTOR = `<svg onload=alert(1)>{{constructor.constructor('window.__xss=1')()}}`;
const ADDRESS = "javascript:window.__xss=1";
const ID = `'"><iframe srcdoc="<script>parent.__xss=1</script>">`;

const EVENTS = [
  { name: IMAGE, distinct_id: ID, properties: { [IMAGE]: SCRIPT, $pathname: SCRIPT, $current_url: ADDRESS, $title: VECTOR, nested: { [SCRIPT]: [IMAGE] } } },
  { name: SCRIPT, distinct_id: ID, properties: { [IMAGE]: VECTOR, $referrer: ADDRESS } },
  { name: "$identify", user_id: `user ${IMAGE}`, anonymous_id: ID, properties: { $set: { name: IMAGE, email: SCRIPT, [VECTOR]: ADDRESS } } },
  { name: "$groupidentify", user_id: `user ${IMAGE}`, properties: { $group_type: IMAGE, $group_key: SCRIPT, $group_set: { name: VECTOR, [IMAGE]: ADDRESS } } },
  // Refused, since that id is a user's.
  { name: "$identify", user_id: "another", anonymous_id: `user ${IMAGE}` },
];

const world = openWorld();
let page;
let base;

/** Nothing ran, nothing became an element, and nothing was only kept from it by the content policy. */
async function assertHarmless() {
  assert.equal(await page.evaluate(() => window.__xss), undefined);
  const grown = 'img[src="x"], svg[onload], iframe, a[href^="javascript:"], main script, [onerror]';
  assert.equal(await page.locator(grown).count(), 0, "markup became elements");
  assert.deepEqual(world.faults(), []);
}

async function show(path, ...texts) {
  await page.goto(`${base}/${path}`);
  await settled(page);
  for (const text of texts) await page.getByText(text).first().waitFor();
  await assertHarmless();
}

world.test("on the overview, as the first event", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  await page.getByRole("heading", { name: "Waiting for the first event" }).waitFor();
  await world.observe.capture(EVENTS.slice(0, 1));
  await page.getByText(IMAGE, { exact: true }).waitFor();
  await assertHarmless();
  await world.observe.capture(EVENTS.slice(1));
  await world.observe.stored(EVENTS.length);
});

world.test("in the live list, an open event and its filters", async () => {
  await show("live", IMAGE, SCRIPT);
  await page.getByRole("button", { name: IMAGE, exact: true }).click();
  const drawer = page.getByRole("dialog");
  for (const text of [IMAGE, SCRIPT, VECTOR, ADDRESS, ID]) await drawer.getByText(text).first().waitFor();
  await assertHarmless();
  await drawer.getByRole("button", { name: "Show only events with this" }).first().click();
  await assertHarmless();
  await show(`live?events=${encodeURIComponent(encodeURIComponent(IMAGE))}`, IMAGE);
});

world.test("in trends by a hostile property, and in their table", async () => {
  const series = `total:${IMAGE}`;
  await eventually("the projection to have the events", async () => {
    await show(`insights?series=${encodeURIComponent(series)}`, IMAGE);
    return (await page.getByRole("figure").count()) > 0;
  });
  await page.getByRole("button", { name: "Show as table" }).click();
  await page.getByRole("columnheader").or(page.getByRole("rowheader")).filter({ hasText: IMAGE }).first().waitFor();
  await assertHarmless();
  await page.getByRole("button", { name: `Event of series 1: ${IMAGE}` }).click();
  await page.getByRole("option").filter({ hasText: SCRIPT }).waitFor();
  await assertHarmless();
});

world.test("in a funnel of hostile names", async () => {
  await show(`insights?tab=funnel&step=${encodeURIComponent(IMAGE)}&step=${encodeURIComponent(SCRIPT)}`);
  await page.getByRole("figure", { name: "Funnel" }).getByText(SCRIPT).waitFor();
  await assertHarmless();
});

world.test("in the list of people and on a person's page", async () => {
  await show("people", IMAGE);
  await page.getByRole("row").filter({ hasText: IMAGE }).click();
  await page.getByRole("heading", { level: 1, name: IMAGE }).waitFor();
  for (const text of [SCRIPT, VECTOR, ADDRESS, ID]) await page.getByText(text).first().waitFor();
  await page.getByRole("button", { name: SCRIPT, exact: true }).click();
  await page.getByRole("dialog").waitFor();
  await assertHarmless();
});

world.test("in a person's history and merges, among refused merges, and in groups", async () => {
  const person = new URL(page.url()).pathname.split("/").at(-1);
  await show(`people/${person}?tab=history`, IMAGE, VECTOR);
  await show(`people/${person}?tab=merges`, ID);
  for (const path of [`people/${person}?tab=merges`, "ingestion?tab=refused-merges"]) {
    await show(path);
    const refused = page.getByRole("list", { name: "Refused merges, the latest first" }).getByRole("listitem");
    await refused.getByRole("button", { name: "Both are identified" }).click();
    await refused.getByText(`user ${IMAGE}`, { exact: true }).last().waitFor();
    await assertHarmless();
  }
  await show("people?tab=groups", IMAGE, VECTOR);
  await page.getByRole("row").filter({ hasText: VECTOR }).click();
  await page.getByRole("heading", { level: 1, name: VECTOR }).waitFor();
  await page.getByText(SCRIPT, { exact: true }).waitFor();
  await assertHarmless();
});

world.test("in cohorts, on dashboards, shared ones included, and on the page Web", async () => {
  const call = (method, body) => world.observe.call(`observe.reports.v1.${method}`, body);
  const rule = { conditions: [{ property: { property: IMAGE, values: [SCRIPT] } }, { behavior: { event: VECTOR } }] };
  const { cohort } = await call("CohortService/CreateCohort", { name: IMAGE, description: SCRIPT, rule });
  await show("people?tab=cohorts", IMAGE, SCRIPT);
  await show(`people/cohorts/${cohort.id}`, IMAGE, SCRIPT, VECTOR);
  await show(`people/cohorts/${cohort.id}/edit`, VECTOR);
  const { savedInsight } = await call("SavedInsightService/CreateSavedInsight", { savedInsight: { name: VECTOR, query: { trends: { series: [{ event: IMAGE }] }, last: "604800s" } } });
  const tiles = [{ savedInsightId: savedInsight.id }, { text: SCRIPT }];
  const { dashboard } = await call("DashboardService/CreateDashboard", { dashboard: { name: IMAGE, description: VECTOR, tiles } });
  await show("dashboards", IMAGE, VECTOR);
  await show(`dashboards/${dashboard.id}`, IMAGE, VECTOR, SCRIPT);
  const { shareToken } = await call("DashboardService/ShareDashboard", { dashboardId: dashboard.id });
  await page.goto(`${world.observe.url}/shared/${shareToken}`);
  await settled(page);
  for (const text of [IMAGE, VECTOR, SCRIPT]) await page.getByText(text).first().waitFor();
  await assertHarmless();
  await world.observe.capture([{ name: "$pageview", anonymous_id: ID, properties: { $pathname: SCRIPT, $browser: IMAGE } }]);
  await eventually("the page view to be counted", async () => {
    await show("web");
    return (await page.getByText(SCRIPT).count()) > 0;
  });
  await page.getByRole("button", { name: `Filter by page ${SCRIPT}` }).first().click();
  await assertHarmless();
});

world.test("among rejected events and dead letters", async () => {
  const odd = { name: IMAGE, user_id: ID, timestamp: SCRIPT, uuid: VECTOR, properties: { [SCRIPT]: VECTOR, $lib: IMAGE, note: "exe.\u202egnp" } };
  const headers = { authorization: `Bearer ${WRITE_KEY}`, "user-agent": SCRIPT };
  await fetch(`${world.observe.url}/v1/events`, { method: "POST", headers, body: JSON.stringify([odd]) });
  await fetch(`${world.observe.url}/v1/events`, { method: "POST", headers, body: `${SCRIPT}${IMAGE}` });
  await refuseEventsNamed(world.observe, IMAGE);
  await world.observe.capture([{ name: IMAGE, user_id: ID, properties: { [SCRIPT]: VECTOR } }]);

  await show("ingestion");
  const rows = page.getByRole("list", { name: "Rejected events, the latest first" }).getByRole("listitem");
  await rows.nth(1).waitFor();
  for (const row of await rows.all()) {
    await row.getByRole("button").first().click();
    await row.getByRole("region", { name: "What was sent" }).getByText(/onerror/).first().waitFor();
    await assertHarmless();
  }
  await page.getByText("exe.\\u202egnp").first().waitFor();
  await show(`ingestion?reason=${encodeURIComponent(IMAGE)}`, "None of the latest was refused for this reason.");
  await show("ingestion?tab=dead-letters", IMAGE);
  await page.getByRole("list", { name: "Dead letters, the latest first" }).getByRole("button", { name: IMAGE }).click();
  await page.getByRole("region", { name: "The event" }).getByText(SCRIPT).first().waitFor();
  await assertHarmless();
  await acceptAgain(world.observe);
});

world.test("in names that users give, and in addresses", async () => {
  await page.goto(`${base}/settings`);
  await page.getByLabel("Name", { exact: true }).fill(IMAGE);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Project saved").waitFor();
  const retention = page.locator("form").filter({ has: page.getByRole("button", { name: "Save retention" }) });
  await retention.getByLabel("Events", { exact: true }).selectOption({ label: "30 days" });
  await retention.getByRole("button", { name: "Save retention" }).click();
  await page.getByRole("dialog").getByText(`Type “${IMAGE}” to go on`).waitFor();
  await assertHarmless();
  await page.keyboard.press("Escape");
  await show("live");
  await show("install", `Send events to the project ${IMAGE}.`);
  await page.goto(`${world.observe.url}/p/${encodeURIComponent(IMAGE)}/live`);
  await page.getByRole("heading", { name: "There is no such page or project" }).waitFor();
  await assertHarmless();
  const stranger = await world.open();
  await stranger.goto(`${world.observe.url}/sign-in?next=${encodeURIComponent(ADDRESS)}`);
  await fillSignIn(stranger, OWNER.email, OWNER.password);
  await stranger.waitForURL(/\/p\/[^/]+\//);
  assert.equal(new URL(stranger.url()).origin, world.observe.url);
  assert.equal(await stranger.evaluate(() => window.__xss), undefined);
});
