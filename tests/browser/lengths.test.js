// Names as long as they may be: nothing runs out of its place, on a laptop and on a phone.
import assert from "node:assert/strict";
import { LAPTOP, PHONE } from "./harness/browser.js";
import { funnelSteps, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { refuseEventsNamed } from "./harness/database.js";
import { eventually } from "./harness/eventually.js";
import { WRITE_KEY } from "./harness/observe.js";
import { inspect } from "./harness/pictures.js";
import { openWorld } from "./harness/world.js";

const LONG_MS = 300_000;
const LOOKS = [
  { size: LAPTOP, themes: ["light"] },
  { size: PHONE, themes: ["dark"] },
];
/** A name of one word, and one of many. */
const WORD = "checkout_completed_".repeat(11).slice(0, 200);
const WORDS = "Order placed after a discount was applied ".repeat(5).slice(0, 200).trim();
const KEY = "the_key_of_a_property_that_somebody_generated_".repeat(5).slice(0, 200);
const VALUE = `https://shop.example/${"very/long/path/".repeat(40)}`;
const USER = "user-".repeat(40);
const EMAIL = `${"ada.".repeat(50)}byron@example.com`;
const NAME = "Adelaide".repeat(12);

const VISITORS = 6;
const world = openWorld();
let owner;
let base;

function traffic() {
  return Array.from({ length: VISITORS }, (_, visitor) => {
    const anonymous_id = `${visitor}-${"anonymous".repeat(21)}`;
    const user_id = `${visitor}-${USER}`.slice(0, 200);
    return [
      { name: "$groupidentify", user_id, properties: { $group_type: WORD, $group_key: USER.slice(0, 200), $group_set: { name: NAME, [KEY]: VALUE } } },
      // Refused: the id is another user's already.
      ...(visitor ? [{ name: "$identify", user_id, anonymous_id: `0-${USER}`.slice(0, 200) }] : []),
      { name: WORD, anonymous_id, properties: { [KEY]: VALUE, $current_url: VALUE, $pathname: VALUE.slice(20), short: true } },
      { name: "$identify", user_id, anonymous_id, properties: { $set: { name: `${NAME} ${visitor}`, email: EMAIL, [KEY]: VALUE } } },
      { name: "$exception", user_id, properties: { $exception_type: WORD, $exception_message: `${VALUE} ${WORDS}`, $pathname: VALUE, $release: WORD } },
      ...(visitor % 2 ? [{ name: WORDS, user_id, properties: { [KEY]: visitor, nested: { [KEY]: [VALUE, { [KEY]: VALUE }] } } }] : []),
    ];
  }).flat();
}

/** Events that are rejected, and one that becomes a dead letter. */
async function notStored() {
  const events = [
    { name: WORD, user_id: USER.slice(0, 200), timestamp: VALUE, properties: { [KEY]: VALUE, $lib: WORD, $lib_version: WORD } },
    { name: WORDS, user_id: "u".repeat(300), properties: { [KEY]: [VALUE] } },
    { name: `${WORD}${WORD}`, user_id: "u" },
  ];
  await fetch(`${world.observe.url}/v1/events`, { method: "POST", headers: { authorization: `Bearer ${WRITE_KEY}` }, body: JSON.stringify(events) });
  await refuseEventsNamed(world.observe, `${WORD.slice(0, 190)}_refused`);
  await world.observe.capture([{ name: `${WORD.slice(0, 190)}_refused`, user_id: USER.slice(0, 200), properties: { [KEY]: VALUE } }]);
}

const personPage = () => `${base}/people/~${encodeURIComponent(`1-${USER}`.slice(0, 200))}`;
const query = (fields) => new URLSearchParams(fields).toString();
const pages = () => ({
  overview: `${base}/overview`,
  errors: `${base}/errors`,
  usage: `${base}/usage`,
  install: `${base}/install`,
  live: `${base}/live`,
  "live-filtered": `${base}/live?${query({ events: encodeURIComponent(WORD), id: USER })}`,
  trends: `${base}/insights?${query([["series", `total:${WORD}`], ["series", `unique:${WORDS}`]])}`,
  funnel: `${base}/insights?${query([["tab", "funnel"], ["step", WORD], ["step", WORDS], ["step", `${WORD.slice(0, 190)}_never`]])}`,
  retention: `${base}/insights?${query([["tab", "retention"], ["start", WORD], ["return", WORDS]])}`,
  lifecycle: `${base}/insights?${query([["tab", "lifecycle"], ["active", WORD]])}`,
  stickiness: `${base}/insights?${query([["tab", "stickiness"], ["series", `total:${WORD}`], ["series", `total:${WORDS}`]])}`,
  paths: `${base}/insights?${query([["tab", "paths"], ["path", "events"], ["from", WORD]])}`,
  ingestion: `${base}/ingestion`,
  "dead-letters": `${base}/ingestion?tab=dead-letters`,
  "refused-merges": `${base}/ingestion?tab=refused-merges`,
  web: `${base}/web`,
  people: `${base}/people`,
  cohorts: `${base}/people?tab=cohorts`,
  dashboards: `${base}/dashboards`,
  "people-columns": `${base}/people?${query({ columns: [KEY, "email", "name"].map(encodeURIComponent).join(","), filter: `p,${KEY},set` })}`,
  groups: `${base}/people?tab=groups`,
  group: `${base}/people/groups/~${encodeURIComponent(WORD)}/~${encodeURIComponent(USER.slice(0, 200))}`,
  person: personPage(),
  "person-history": `${personPage()}?tab=history`,
  "person-merges": `${personPage()}?tab=merges`,
  "project-settings": `${base}/settings`,
  "organization-settings": `${world.observe.url}/settings/organization`,
  "account-settings": `${world.observe.url}/settings/account`,
});

async function rename(address, label, name) {
  await owner.goto(address);
  const field = owner.getByLabel(label, { exact: true });
  await field.fill(name);
  await owner.locator("form").filter({ has: field }).getByRole("button", { name: "Save" }).click();
  await owner.getByText(/ saved$/).waitFor();
}

world.test("long names are taken", async () => {
  owner = await world.open();
  await signIn(owner, world.observe.url);
  base = projectUrl(owner);
  await world.observe.capture(traffic());
  await notStored();
  await rename(`${base}/settings`, "Name", "Website of the company ".repeat(5).slice(0, 100));
  await rename(`${world.observe.url}/settings/organization`, "Name", "Subsidiary".repeat(10));
  await rename(`${world.observe.url}/settings/account`, "Your name", NAME);
  await eventually("the traffic to be counted", async () => {
    await owner.goto(pages().funnel);
    await settled(owner);
    return (await funnelSteps(owner))[0]?.persons === VISITORS;
  }, 60_000);
});

world.test("no page is wider than its window", async () => {
  await inspect(world, "long", { pages: pages(), looks: LOOKS, storageState: await owner.context().storageState() });
}, LONG_MS);

world.test("nor an open event, a menu, a picker, a dialog", async () => {
  const { live, trends, "project-settings": settings } = pages();
  const opened = { event: live, picker: trends, breakdown: trends, projects: live, revoke: settings, rejected: pages().ingestion, "dead-letter": pages()["dead-letters"] };
  await inspect(world, "long", {
    pages: opened,
    looks: LOOKS,
    storageState: await owner.context().storageState(),
    arrange: async (page, name) => {
      if (name === "event") {
        await page.getByRole("button", { name: WORDS, exact: true }).first().click();
        await page.getByRole("dialog").waitFor();
      } else if (name === "picker") {
        await page.getByRole("button", { name: /^Event of series 1/ }).click();
        await page.getByRole("listbox", { name: "Events" }).getByRole("option").first().waitFor();
      } else if (name === "rejected" || name === "dead-letter") {
        await page.locator("main ol").last().getByRole("button", { expanded: false }).first().click();
        await page.getByRole("region", { name: name === "rejected" ? "What was sent" : "The event" }).waitFor();
      } else if (name === "breakdown") {
        await page.getByRole("button", { name: "Break down" }).click();
        await page.getByRole("option").filter({ hasText: KEY }).first().waitFor();
      } else if (name === "projects") {
        await page.getByRole("button", { name: /Switch project$/ }).click();
        await page.getByRole("menu").waitFor();
      } else {
        await page.getByRole("button", { name: /^Revoke / }).first().click();
        await page.getByRole("dialog").waitFor();
      }
    },
  });
  assert.deepEqual(world.faults(), []);
}, LONG_MS);
