// Events and people as files: made by the button of the settings, downloaded, and read.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { DESKTOP, PHONE } from "./harness/browser.js";
import { joinAs, openPlace, pickEvent, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { traffic } from "./harness/persons.js";
import { inspect } from "./harness/pictures.js";
import { openWorld } from "./harness/world.js";

const LONG_MS = 300_000;
const RPC = /ExportService\/Export/;
const LOOKS = [DESKTOP, PHONE].map((size) => ({ size, themes: ["light", "dark"] }));
const world = openWorld();
let owner;
let settings;

const card = (page = owner) => page.locator("#export");
const choose = (name) => card().getByText(name, { exact: true }).click();
const lines = (bytes) => bytes.toString("utf8").trimEnd().split("\n").map((line) => JSON.parse(line));

/** Presses the button; answers the name of the file that is downloaded and what is in it. */
async function exported(button) {
  const [download] = await Promise.all([owner.waitForEvent("download"), card().getByRole("button", { name: button, exact: true }).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

world.test("an empty project is exported as a file without rows", async () => {
  owner = await world.open({ acceptDownloads: true });
  await signIn(owner, world.observe.url);
  settings = `${projectUrl(owner)}/settings#export`;
  await owner.goto(settings);
  await settled(owner);
  const { name, bytes } = await exported("Export events");
  assert.match(name, /-events-\d{4}-\d\d-\d\d\.parquet$/);
  assert.deepEqual([bytes.subarray(0, 4), bytes.subarray(-4)].map(String), ["PAR1", "PAR1"]);
  await card().getByText(/^0 events in /).waitFor();
});

world.test("events come with the persons they are of, merges applied, as many as the page says", async () => {
  await world.observe.capture(traffic());
  const { person } = await world.observe.call("observe.identity.v1.PersonService/GetPerson", { distinctId: "ada" });
  await choose("NDJSON");
  const rows = await eventually("the merge to be known", async () => {
    const { bytes } = await exported("Export events");
    const rows = lines(bytes);
    const phone = rows.find(({ distinct_id }) => distinct_id === "ada-phone");
    return rows.length === traffic().length && phone.person_id === person.id && rows;
  });
  await card().getByText(`${traffic().length} events in `).waitFor();
  assert.deepEqual(rows.map(({ timestamp }) => timestamp), rows.map(({ timestamp }) => timestamp).toSorted());
  assert.equal(rows.find(({ name }) => name === "bought").properties.amount, 1440);
  assert.equal(new Set(rows.filter(({ distinct_id }) => ["ada", "ada-phone"].includes(distinct_id)).map(({ person_id }) => person_id)).size, 1);
});

world.test("one event and a range cut the file, and people are a file of their own", async () => {
  await pickEvent(owner, "Events: Any event", "viewed");
  await choose("A range");
  assert.equal(lines((await exported("Export events")).bytes).length, 5, "the last 7 days hold all of them");
  await choose("People");
  const { name, bytes } = await exported("Export people");
  assert.match(name, /-persons-.*\.ndjson$/);
  const people = lines(bytes);
  assert.deepEqual(people.map(({ properties }) => properties.name).toSorted(), ["Ada Byron", "Ada Byron (work)", "Charles Babbage"]);
  assert.deepEqual(people.find(({ distinct_ids }) => distinct_ids.includes("ada")).distinct_ids.toSorted(), ["ada", "ada-phone"]);
  await card().getByText(/^3 people in /).waitFor();
});

world.test("an export under way is told, can be cancelled by the keyboard, and one that breaks off saves nothing and says how to go on", async () => {
  await choose("Events");
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await owner.route(RPC, async (route) => {
    await held;
    await route.abort().catch(() => undefined);
  });
  let downloads = 0;
  owner.on("download", () => (downloads += 1));
  await card().getByRole("button", { name: "Export events" }).click();
  await card().getByRole("progressbar", { name: "Export" }).waitFor();
  await card().getByRole("button", { name: "Cancel" }).focus();
  await owner.keyboard.press("Enter");
  await card().getByText("Cancelled. Nothing was saved.").waitFor();
  release();
  await card().getByRole("button", { name: "Export events" }).click();
  await card().getByRole("alert").getByText(/^The export broke off, and nothing was saved: .* Begin again\./).waitFor();
  await owner.unroute(RPC);
  assert.equal(downloads, 0);
  await exported("Export events");
  await eventually("the complaint to be gone", async () => (await card().getByRole("alert").count()) === 0);
});

world.test("a viewer is told who can export, and is not asked what", async () => {
  const viewer = await world.open();
  await joinAs("Viewer", owner, viewer, { name: "Vera", email: "vera@example.com" });
  await openPlace(viewer, "Settings");
  await card(viewer).getByText("Members of the organization can export; viewers cannot.").waitFor();
  assert.equal(await card(viewer).getByRole("button").count(), 0);
});

world.test("axe finds nothing on the card, light and dark, on a desktop and a phone", async () => {
  const arrange = async (page) => {
    await card(page).getByText("Larger than").click();
    await card(page).getByText("A range", { exact: true }).click();
    await card(page).scrollIntoViewIfNeeded();
  };
  await inspect(world, "export", { pages: { settings }, looks: LOOKS, storageState: await owner.context().storageState(), arrange });
  assert.deepEqual(world.faults(), []);
}, LONG_MS);
