// What was sent is accounted for; what was not accepted, or not stored, is told with the reason and with what to do.
import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./harness/browser.js";
import { joinAs, openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { acceptAgain, refuseEventsNamed } from "./harness/database.js";
import { eventually } from "./harness/eventually.js";
import { inspect } from "./harness/pictures.js";
import { SECRET_KEY, WRITE_KEY } from "./harness/observe.js";
import { openWorld } from "./harness/world.js";

const LONG_MS = 300_000;
const LOOKS = [DESKTOP, PHONE].map((size) => ({ size, themes: ["light", "dark"] }));
const EVENT_ID = "0198c5a2-77f0-7d31-9c01-6f1c2a9be4d0";
const world = openWorld();
let owner;
let base;

/** Sends what need not be accepted; answers status and body. */
async function send(body, { query = "", headers = { authorization: `Bearer ${WRITE_KEY}` } } = {}) {
  const answer = await fetch(`${world.observe.url}/v1/events${query}`, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

/** The numbers of the ledger by their names, as they stand on the page. */
function ledgerOf(page) {
  return page.locator("main dl").first().locator("> div").evaluateAll((terms) => Object.fromEntries(terms.map((term) => [term.querySelector("dt").textContent, Number(term.querySelector("dd").textContent.replace(/\D/g, ""))])));
}

const adds = (page, expected) => eventually(`the ledger to be ${JSON.stringify(expected)}`, async () => {
  const found = await ledgerOf(page);
  if (Object.entries(expected).some(([name, count]) => found[name] !== count)) throw new Error(JSON.stringify(found));
  return true;
});
const reasons = (page) => page.getByRole("list", { name: "Reasons of the last 24 hours" }).getByRole("listitem");
const rejected = (page) => page.getByRole("list", { name: "Rejected events, the latest first" }).getByRole("listitem");
const letters = (page) => page.getByRole("list", { name: "Dead letters, the latest first" }).getByRole("listitem");

world.test("a project without events says what will stand here, and leads to the snippet", async () => {
  owner = await world.open();
  await signIn(owner, world.observe.url);
  base = projectUrl(owner);
  await openPlace(owner, "Ingestion");
  await owner.getByRole("heading", { name: "No event has come yet, and none was refused" }).waitFor();
  await owner.getByRole("link", { name: "Send the first event" }).click();
  await owner.getByRole("heading", { level: 1, name: "Install" }).waitFor();
  await owner.getByRole("link", { name: "See what was refused" }).first().waitFor();
});

world.test("who waits for the first event is told that it was refused, why, and what to change", async () => {
  const { status, body } = await send([{ uuid: EVENT_ID, user_id: "u1", properties: { $lib: "test-sdk", $lib_version: "1.2.3", token: "hush", amount: 12 } }]);
  assert.deepEqual([status, body.rejected[0].code], [202, "missing_name"]);
  const note = owner.getByText("Something came and was refused: no name.");
  await note.waitFor();
  await owner.getByText("Give every event a name (or event) that says what happened.").waitFor();
  await owner.getByRole("link", { name: "See what was sent" }).click();
  await owner.waitForURL(/\/ingestion\?reason=missing_name/);
  await rejected(owner).first().waitFor();
});

world.test("a rejected event is shown with its reason, its sender and what was sent, without secrets", async () => {
  const row = rejected(owner).first();
  await row.getByRole("button", { name: "No name" }).click();
  for (const fact of [EVENT_ID, "test-sdk 1.2.3", "/v1/events", "missing_name"]) await row.getByText(fact, { exact: true }).first().waitFor();
  const sent = row.getByRole("region", { name: "What was sent" });
  assert.match(await sent.innerText(), /"user_id": "u1",\n/, "laid out");
  assert.equal(JSON.parse(await sent.innerText()).properties.amount, 12);
  assert.doesNotMatch(await owner.locator("main").innerText(), /hush|obs_pub_0/);
});

world.test("reasons are counted, and the one that is chosen stays in the address", async () => {
  await send([{ name: "a", user_id: "u1", timestamp: "yesterday" }, { name: "b", user_id: "u1", timestamp: "soon" }, { user_id: "u2" }]);
  await send("{not json");
  await owner.goto(`${base}/ingestion`);
  const row = (code) => reasons(owner).filter({ hasText: code });
  await row("invalid_timestamp").getByText("2 events", { exact: true }).waitFor();
  await row("missing_name").getByText("2 events", { exact: true }).waitFor();
  await row("not_json").getByText("1 request", { exact: true }).waitFor();
  await row("invalid_timestamp").getByRole("button", { name: "Unreadable time" }).click();
  assert.match(owner.url(), /reason=invalid_timestamp/);
  await owner.reload();
  await rejected(owner).nth(1).waitFor();
  assert.deepEqual(await rejected(owner).getByRole("button").allInnerTexts(), ["Unreadable time", "Unreadable time"]);
  await owner.getByLabel("Show only this reason").selectOption({ label: "All reasons" });
  await eventually("all of them to be shown", async () => (await rejected(owner).count()) === 5);
  assert.doesNotMatch(owner.url(), /reason=/);
});

world.test("accepted events add up, and the page follows without being loaded again", async () => {
  const event = (n) => ({ uuid: `0198c5a2-77f0-7d31-9c02-00000000000${n}`, name: "viewed", user_id: "u1" });
  await world.observe.capture([1, 2, 3, 4, 5].map(event));
  await world.observe.stored(5);
  await world.observe.capture([1, 2].map(event));
  await adds(owner, { Accepted: 7, Stored: 5, Duplicates: 2, "Dead letters": 0, Pending: 0 });
  await owner.getByText("Every accepted event is accounted for.").waitFor();
  await owner.getByRole("img", { name: "Accepted 7: stored 5, duplicates 2, dead letters 0, pending 0" }).waitFor();
  await owner.getByRole("tab", { name: "Dead letters" }).click();
  await owner.getByRole("heading", { name: "No dead letters" }).waitFor();
});

world.test("an event whose data the database refuses stands among the dead letters with all that was sent", async () => {
  await refuseEventsNamed(world.observe, "poisoned");
  await world.observe.capture(Array.from({ length: 5 }, (_, n) => ({ name: "poisoned", user_id: `u${n}`, properties: { number: n } })));
  await eventually("the letters to be listed", async () => (await letters(owner).count()) === 5, 60_000);
  await adds(owner, { Accepted: 12, Stored: 5, Duplicates: 2, "Dead letters": 5, Pending: 0 });
  await owner.getByText("Every accepted event is accounted for.").waitFor();
  const first = letters(owner).first();
  await first.getByText("22P05").first().waitFor();
  await first.getByRole("button", { name: "poisoned" }).click();
  await first.getByRole("region", { name: "The event" }).getByText("number").waitFor();
});

world.test("a dead letter that is tried too early is refused again and stays", async () => {
  await letters(owner).first().getByRole("button", { name: "Try again" }).click();
  await owner.getByText("1 event refused again. It stays in the list with the new reason.").waitFor();
  await adds(owner, { "Dead letters": 5 });
});

world.test("once the cause is gone, one, some and all of them are stored by another try", async () => {
  await acceptAgain(world.observe);
  await letters(owner).first().getByRole("button", { name: "Try again" }).click();
  await owner.getByText("1 event stored.", { exact: true }).waitFor();
  await eventually("it to be gone", async () => (await letters(owner).count()) === 4);
  for (const n of [0, 1]) await letters(owner).nth(n).getByRole("checkbox").check();
  await owner.getByRole("button", { name: "Try 2 chosen again" }).click();
  await owner.getByText("2 events stored.", { exact: true }).waitFor();
  await eventually("two to be left", async () => (await letters(owner).count()) === 2);
  await owner.getByRole("button", { name: "Try all again" }).click();
  await owner.getByRole("dialog").getByRole("button", { name: "Try all again" }).click();
  await owner.getByRole("heading", { name: "No dead letters" }).waitFor();
  await adds(owner, { Accepted: 12, Stored: 10, Duplicates: 2, "Dead letters": 0, Pending: 0 });
});

world.test("a viewer sees all of it, and can try nothing again", async () => {
  await refuseEventsNamed(world.observe, "poisoned");
  await world.observe.capture([{ name: "poisoned", user_id: "u9" }]);
  const viewer = await world.open();
  await joinAs("Viewer", owner, viewer, { name: "Charles Babbage", email: "charles@example.com" });
  await viewer.goto(`${base}/ingestion?tab=dead-letters`);
  await letters(viewer).first().getByRole("button", { name: "poisoned" }).click();
  await letters(viewer).first().getByRole("region", { name: "The event" }).waitFor();
  assert.equal(await viewer.getByRole("button", { name: /^Try/ }).count() + (await viewer.getByRole("checkbox").count()), 0);
  await viewer.getByText("Members, admins and owners can try them again.").waitFor();
  await viewer.getByRole("tab", { name: "Rejected" }).click();
  await rejected(viewer).first().waitFor();
});

world.test("axe finds nothing on the page, light and dark, on a desktop and a phone", async () => {
  const pages = { ingestion: `${base}/ingestion`, "ingestion-open": `${base}/ingestion?reason=missing_name`, "dead-letters": `${base}/ingestion?tab=dead-letters`, "install-refused": `${base}/install` };
  await inspect(world, "ingestion", {
    pages,
    looks: LOOKS,
    storageState: await owner.context().storageState(),
    arrange: async (page, name) => {
      if (name === "ingestion-open") await rejected(page).first().getByRole("button").click();
      if (name === "dead-letters") await letters(page).first().getByRole("button", { name: "poisoned" }).click();
      if (name === "install-refused") await page.getByText(/Something came and was refused/).waitFor();
    },
  });
}, LONG_MS);

world.test("the overview and the dot at the rail's foot lead to the page", async () => {
  await owner.goto(`${base}/overview`);
  await settled(owner);
  await owner.getByRole("region", { name: "Observe itself" }).getByRole("link", { name: "Look at ingestion" }).click();
  await owner.getByRole("heading", { level: 1, name: "Ingestion" }).waitFor();
  await owner.goto(`${base}/live`);
  await owner.getByRole("link", { name: /: ingestion$/ }).first().click();
  await owner.getByRole("heading", { level: 1, name: "Ingestion" }).waitFor();
});

world.test("a secret key that came from a page is marked with what to do, and revoked there", async () => {
  const { status } = await send([{ name: "a", user_id: "u1" }], { query: `?key=${SECRET_KEY}`, headers: {} });
  assert.equal(status, 401);
  await owner.goto(`${base}/ingestion`);
  const row = reasons(owner).filter({ hasText: "secret_key_exposed" });
  await row.waitFor();
  await row.getByRole("link", { name: "Keys" }).click();
  const exposed = owner.getByRole("region", { name: /^The key .* is exposed$/ });
  await exposed.waitFor();
  await owner.getByRole("row").filter({ hasText: "Secret, exposed" }).waitFor();
  await exposed.getByRole("button", { name: "Revoke it" }).click();
  const dialog = owner.getByRole("dialog");
  const name = /Type “(.*)” to go on/.exec(await dialog.innerText())[1];
  await dialog.getByRole("textbox").fill(name);
  await dialog.getByRole("button", { name: "Revoke key" }).click();
  await owner.getByText("Key revoked.").waitFor();
  await exposed.waitFor({ state: "detached" });
  assert.deepEqual(world.faults(), []);
});
