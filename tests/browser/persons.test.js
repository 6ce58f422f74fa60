// Who a visitor becomes, a way back from a merge, and a way out: as the dashboard shows it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { DESKTOP, PHONE } from "./harness/browser.js";
import { funnelSteps, joinAs, openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { inspect } from "./harness/pictures.js";
import { refusals, traffic } from "./harness/persons.js";
import { openWorld } from "./harness/world.js";

const LONG_MS = 300_000;
/** A merge has to be seen by questions within seconds; the wait is long because machines are slow. */
const FOLLOWED_MS = 60_000;
const LOOKS = [DESKTOP, PHONE].map((size) => ({ size, themes: ["light", "dark"] }));
const world = openWorld();
let owner;
let base;

const call = (method, body) => world.observe.call(`observe.${method}`, body);
const personId = async (distinctId) => (await call("identity.v1.PersonService/GetPerson", { distinctId })).person.id;
const table = () => owner.getByRole("table", { name: "People" });
const row = (text) => table().getByRole("row").filter({ hasText: text });
const names = async () => (await table().locator("tbody tr td:first-child .truncate").allInnerTexts()).toSorted();
const lists = (what, expected) => eventually(what, async () => assert.deepEqual(await names(), expected.toSorted()) ?? true);
const merges = () => owner.getByRole("list", { name: "Merges, the latest first" }).getByRole("listitem");

async function openPerson(distinctId, tab = "activity") {
  await owner.goto(`${base}/people/${await personId(distinctId)}?tab=${tab}`);
  await settled(owner);
}

/** Looks at the funnel in another tab until its last step has so many persons; answers how long that took, in milliseconds. */
async function funnelHas(funnel, persons) {
  const from = performance.now();
  await eventually(`the funnel to have ${persons}`, async () => {
    await funnel.goto(`${base}/insights?tab=funnel&step=viewed&step=bought`);
    await settled(funnel);
    assert.deepEqual((await funnelSteps(funnel)).map((step) => step.persons), persons);
    return true;
  }, FOLLOWED_MS);
  return performance.now() - from;
}

world.test("a project without persons says what to do so that somebody appears, and so do its groups and receipts", async () => {
  owner = await world.open({ acceptDownloads: true });
  await signIn(owner, world.observe.url);
  base = projectUrl(owner);
  await openPlace(owner, "People");
  await owner.getByRole("heading", { name: "Nobody is identified yet" }).waitFor();
  await owner.getByRole("tab", { name: "Groups" }).click();
  await owner.getByRole("heading", { name: "No groups yet" }).waitFor();
  await owner.goto(`${base}/settings#erasures`);
  await owner.getByRole("heading", { name: "Nobody was deleted" }).waitFor();
  await owner.goto(`${base}/ingestion?tab=refused-merges`);
  await settled(owner);
});

world.test("people are found by id, by name, by a property and by whether they are identified; the address keeps it", async () => {
  await world.observe.capture(traffic());
  await world.observe.stored(traffic().length);
  await eventually("the persons to be there", async () => ((await call("identity.v1.PersonService/ListPersons", {})).persons ?? []).length >= 3);
  await owner.goto(`${base}/people`);
  await row("Charles Babbage").waitFor();
  await owner.getByLabel("Search people").fill("ADA@example");
  await lists("the search to find Ada alone", ["Ada Byron"]);
  await owner.getByLabel("Search people").fill("work-lap");
  await lists("the beginning of an id to find her at work", ["Ada Byron (work)"]);
  await owner.getByLabel("Search people").fill("nobody at all");
  await owner.getByRole("heading", { name: "Nobody found" }).waitFor();
  await owner.getByRole("button", { name: "Clear the search" }).click();

  await owner.getByRole("button", { name: "Add filter" }).click();
  await owner.getByRole("option", { name: "plan" }).click();
  await owner.getByRole("option", { name: "pro" }).click();
  await owner.getByRole("button", { name: "Done" }).click();
  await lists("the filter to keep Ada", ["Ada Byron"]);
  await owner.getByRole("button", { name: "Choose columns" }).click();
  await owner.getByRole("option", { name: "seats" }).click();
  await owner.keyboard.press("Escape");
  await table().getByRole("columnheader", { name: "seats" }).waitFor();
  await owner.reload();
  await lists("the address to keep the filter", ["Ada Byron"]);
  assert.match(await row("Ada Byron").innerText(), /\b3\b/);
  await owner.getByText("Anonymous", { exact: true }).click();
  await owner.getByRole("heading", { name: "Nobody found" }).waitFor();
  await owner.getByRole("button", { name: "Show everybody" }).click();
  await row("Charles Babbage").waitFor();
});

world.test("a person has ids, sessions, and properties with their history", async () => {
  await owner.goto(`${base}/people?q=ada%40example`);
  await row("Ada Byron").click();
  await owner.getByRole("heading", { level: 1, name: "Ada Byron" }).waitFor();
  await owner.getByRole("heading", { name: "2 distinct ids" }).waitFor();
  await owner.getByText("ada-phone", { exact: true }).first().waitFor();
  const sessions = owner.getByRole("group", { name: /^Session / });
  await eventually("two visits to be two sessions", async () => (await sessions.count()) === 2, FOLLOWED_MS);
  await sessions.last().getByRole("button", { name: "viewed" }).click();
  await owner.getByRole("dialog", { name: "viewed" }).getByText("home", { exact: true }).waitFor();
  await owner.keyboard.press("Escape");

  await owner.getByRole("tab", { name: "Property history" }).click();
  await owner.getByLabel("Show only this property").selectOption("plan");
  const changes = owner.getByRole("list", { name: "Changes of properties, the latest first" }).getByRole("listitem");
  await eventually("both values of the plan", async () => (await changes.count()) === 2);
  const latest = (await changes.first().innerText()).replace(/\s+/g, " ");
  assert.match(latest, /^plan changed free pro/);
});

world.test("a merge by hand shows before what would join, and is seen in the funnel", async (t) => {
  const funnel = await owner.context().newPage();
  await funnelHas(funnel, [3, 0]);
  await openPerson("ada");
  await owner.getByRole("button", { name: "Merge", exact: true }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByPlaceholder("Search id, name, e-mail, property").fill("ada-at-work");
  await dialog.getByRole("option", { name: /Ada Byron \(work\)/ }).click();
  await dialog.getByText(/^Together/).waitFor();
  const preview = (await dialog.innerText()).replace(/\s+/g, " ");
  assert.match(preview, /under 4 distinct ids/);
  const conflicts = await dialog.getByRole("region", { name: "Properties that conflict" }).locator("tbody tr").allInnerTexts();
  assert.deepEqual(conflicts.toSorted().map((line) => line.split("\t")), [["name", "Ada Byron", "Ada Byron (work)"], ["plan", "pro", "team"]]);
  await dialog.getByRole("button", { name: "Merge", exact: true }).click();
  await owner.getByText("Ada Byron (work) is a part of Ada Byron now.").waitFor();
  t.diagnostic(`figure from the merge to the funnel that has it, page loads included: ${(await funnelHas(funnel, [3, 1])).toFixed(0)} ms`);
  await owner.getByRole("heading", { name: "4 distinct ids" }).waitFor();
  await owner.getByText("Analyst", { exact: true }).first().waitFor();
  await funnel.close();
});

world.test("the merge is listed with its cause, and undone it is gone from the funnel", async (t) => {
  await openPerson("ada", "merges");
  const byHand = merges().filter({ hasText: "By hand" });
  await byHand.waitFor();
  await byHand.getByRole("button", { name: /^Undo the merge of/ }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByText("ada-at-work", { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Undo merge" }).click();
  await owner.getByText("The merge is undone. Both are persons of their own again.").waitFor();
  await byHand.getByText(/Undone/).waitFor();
  const funnel = await owner.context().newPage();
  t.diagnostic(`figure from the undone merge to the funnel that has it, page loads included: ${(await funnelHas(funnel, [3, 0])).toFixed(0)} ms`);
  await funnel.close();
  await eventually("Ada to have her own ids and plan again", async () => {
    const { person } = await call("identity.v1.PersonService/GetPerson", { distinctId: "ada" });
    assert.deepEqual([person.distinctIds.toSorted(), person.properties.plan, person.properties.title], [["ada", "ada-phone"], "pro", undefined]);
    const work = (await call("identity.v1.PersonService/GetPerson", { distinctId: "ada-at-work" })).person;
    assert.deepEqual([work.distinctIds.toSorted(), work.properties.plan], [["ada-at-work", "work-laptop"], "team"]);
    return true;
  });
});

world.test("a merge is undone by the message that tells of it, too", async () => {
  await openPerson("ada");
  await owner.getByRole("button", { name: "Merge", exact: true }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByPlaceholder("Search id, name, e-mail, property").fill("ada-at-work");
  await dialog.getByRole("option", { name: /Ada Byron \(work\)/ }).click();
  await dialog.getByRole("button", { name: /stay instead$/ }).click();
  await dialog.getByRole("region", { name: "The person that stays" }).getByText("Ada Byron (work)").waitFor();
  await dialog.getByText(/^Together/).waitFor();
  await dialog.getByRole("button", { name: "Merge", exact: true }).click();
  await owner.getByRole("heading", { level: 1, name: "Ada Byron (work)" }).waitFor();
  await owner.getByRole("status").getByRole("button", { name: "Undo", exact: true }).click();
  await owner.getByText("The merge is undone. Both are persons of their own again.").waitFor();
  await eventually("both to be there again", async () => (await personId("ada")) !== (await personId("ada-at-work")));
});

world.test("refused merges stand on the ingestion page and on the person, with the reason and what to do", async () => {
  await world.observe.capture(refusals());
  await eventually("both to be refused", async () => ((await call("identity.v1.PersonService/ListRefusedMerges", {})).refusedMerges ?? []).length === 2, FOLLOWED_MS);
  await openPlace(owner, "Ingestion");
  await owner.getByRole("tab", { name: "Refused merges 2" }).click();
  const counts = owner.getByRole("list", { name: "Why merges were refused in the last 24 hours" }).getByRole("listitem");
  for (const code of ["already_identified", "illegal_id"]) await counts.filter({ hasText: code }).getByText("1 time", { exact: true }).waitFor();
  const refused = owner.getByRole("list", { name: "Refused merges, the latest first" }).getByRole("listitem");
  const both = refused.filter({ hasText: "Both are identified" });
  await both.getByRole("button", { name: "Both are identified" }).click();
  await both.getByText("call reset when somebody signs out").waitFor();
  await both.getByRole("link", { name: "ada", exact: true }).click();
  await owner.getByRole("heading", { level: 1, name: "Ada Byron" }).waitFor();
  await owner.getByRole("tab", { name: /^Merges ?1 refused$/ }).click();
  await owner.getByRole("heading", { name: "Refused merges" }).waitFor();
  await owner.getByRole("button", { name: "Both are identified" }).waitFor();
});

world.test("groups are listed by kind, and one has its properties", async () => {
  await owner.goto(`${base}/people?tab=groups`);
  await owner.getByRole("button", { name: /^company ?1$/ }).waitFor();
  await owner.getByRole("row").filter({ hasText: "Analytical Engines" }).click();
  await owner.getByRole("heading", { level: 1, name: "Analytical Engines" }).waitFor();
  await owner.getByText("employees", { exact: true }).waitFor();
  await owner.getByText("engines", { exact: true }).waitFor();
  assert.match(owner.url(), /\/people\/groups\/~company\/~engines$/);
});

world.test("an export is one file with the person and every event, the oldest first", async () => {
  await openPerson("charles");
  await owner.getByRole("button", { name: "Export", exact: true }).click();
  const dialog = owner.getByRole("dialog");
  const [download] = await Promise.all([owner.waitForEvent("download"), dialog.getByRole("button", { name: "Export", exact: true }).click()]);
  assert.equal(download.suggestedFilename(), "person-charles-babbage.json");
  const file = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.deepEqual(file.person.distinctIds.toSorted(), ["charles", "charles-phone"]);
  assert.equal(file.person.properties.seats, 12);
  // Also the merge that was refused came as an event of his.
  assert.deepEqual(file.events.map(({ name }) => name), ["$identify", "viewed", "viewed", "$identify"]);
  assert.deepEqual(file.events.map(({ time }) => time), file.events.map(({ time }) => time).toSorted());
  assert.ok(file.propertyChanges.some(({ key }) => key === "seats"));
  await dialog.getByText("4 events in person-charles-babbage.json").waitFor();
  await dialog.getByRole("button", { name: "Close" }).first().click();
});

world.test("axe finds nothing on the pages of persons, light and dark, on a desktop and a phone", async () => {
  const ada = `${base}/people/${await personId("ada")}`;
  const pages = {
    people: `${base}/people?columns=plan,seats&filter=p,plan,set`,
    "people-nobody": `${base}/people?q=nobody-at-all`,
    groups: `${base}/people?tab=groups`,
    group: `${base}/people/groups/~company/~engines`,
    person: ada,
    "person-history": `${ada}?tab=history`,
    "person-merges": `${ada}?tab=merges`,
    "person-merge": ada,
    "person-delete": ada,
    "person-gone": `${base}/people/nobody`,
    "refused-merges": `${base}/ingestion?tab=refused-merges`,
  };
  await inspect(world, "persons", {
    pages,
    looks: LOOKS,
    storageState: await owner.context().storageState(),
    arrange: async (page, name) => {
      if (name === "person-merges") await page.getByRole("list", { name: "Merges, the latest first" }).getByRole("button", { expanded: false }).first().click();
      if (name === "refused-merges") await page.getByRole("list", { name: "Refused merges, the latest first" }).getByRole("button").first().click();
      if (name === "person-delete") await page.getByRole("button", { name: "Delete", exact: true }).click();
      if (name === "person-merge") {
        await page.getByRole("button", { name: "Merge", exact: true }).click();
        await page.getByRole("option", { name: /Ada Byron \(work\)/ }).click();
        await page.getByText(/^Together/).waitFor();
      }
    },
  });
}, LONG_MS);

world.test("a person is deleted only by name, and the receipt says what went", async () => {
  await openPerson("charles");
  await owner.getByRole("button", { name: "Delete", exact: true }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByText(/4 events of 1 person, 2 distinct ids, .*cannot be undone/).waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Delete person" }).isDisabled(), true);
  await dialog.getByRole("textbox").fill("Charles Babbage");
  await dialog.getByRole("button", { name: "Delete person" }).click();
  await owner.getByRole("heading", { level: 1, name: "Receipt of a deletion" }).waitFor();
  await owner.getByRole("heading", { level: 1 }).getByText("Done").waitFor({ timeout: FOLLOWED_MS });
  const parts = owner.getByRole("list", { name: "What was removed, by service" }).getByRole("listitem");
  await parts.filter({ hasText: "Identity" }).getByText("2 distinct ids").waitFor();
  await parts.filter({ hasText: "Events" }).getByText("4 events", { exact: true }).waitFor();
  assert.equal(await parts.getByText("Waiting for its confirmation").count(), 0);
  const hash = createHash("sha256").update("charles").digest("hex");
  await owner.getByText(hash, { exact: true }).waitFor();
  assert.doesNotMatch(await owner.locator("main").innerText(), /charles|Babbage/i, "no id in clear");
  await owner.getByLabel("Check an id").fill("charles");
  await owner.getByText("This id was among those that were erased.").waitFor();
  await owner.getByLabel("Check an id").fill("ada");
  await owner.getByText("This id was not among them.").waitFor();
  const { events = [] } = await call("events.v1.EventService/ListEvents", { filter: { distinctIds: ["charles", "charles-phone"] } });
  assert.deepEqual(events, []);
});

world.test("who was deleted is found no more, and the receipt is listed in the settings", async () => {
  await owner.goto(`${base}/people?q=Charles`);
  await owner.getByRole("heading", { name: "Nobody found" }).waitFor();
  await openPlace(owner, "Settings");
  const receipt = owner.getByRole("table", { name: "Erasures" }).getByRole("row").filter({ hasText: "4 events" });
  await receipt.click();
  await owner.getByRole("heading", { level: 1, name: "Receipt of a deletion" }).waitFor();
  await inspect(world, "persons", { pages: { receipt: owner.url(), erasures: `${base}/settings` }, looks: LOOKS, storageState: await owner.context().storageState() });
  const funnel = await owner.context().newPage();
  await funnelHas(funnel, [2, 0]);
  await funnel.close();
}, LONG_MS);

world.test("a viewer sees all of it, can do nothing, and is told who can", async () => {
  await call("identity.v1.PersonService/MergePersons", { sourcePersonId: await personId("ada-at-work"), targetPersonId: await personId("ada") });
  const viewer = await world.open();
  await joinAs("Viewer", owner, viewer, { name: "Mary Somerville", email: "mary@example.com" });
  await viewer.goto(`${base}/people/${await personId("ada")}?tab=merges`);
  await settled(viewer);
  for (const name of ["Merge", "Export", "Delete"]) assert.equal(await viewer.getByRole("button", { name, exact: true }).isDisabled(), true, name);
  await viewer.getByText("Members, admins and owners can add to a list, merge and export; admins and owners can delete.").waitFor();
  const undo = viewer.getByRole("button", { name: /^Undo the merge of/ }).first();
  await undo.waitFor();
  assert.equal(await undo.isDisabled(), true);
  await viewer.getByText("Members, admins and owners can undo it.").first().waitFor();
  assert.deepEqual(world.faults(), []);
});
