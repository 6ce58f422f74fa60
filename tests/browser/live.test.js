// The live list: what is looked for, how far one looks back, and what waits meanwhile.
import assert from "node:assert/strict";
import { projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { openWorld } from "./harness/world.js";

const COUNT = 730;
const world = openWorld();
let owner;
let base;

const rows = (page) => page.getByRole("list", { name: "Events, the latest first" }).getByRole("listitem");
const count = (page, expected) => eventually(`${expected} rows`, async () => {
  const found = await rows(page).count();
  if (found !== expected) throw new Error(`${found} rows`);
  return true;
});

/** Events a second apart, the first the oldest: every third a purchase, by one of five users. */
function history(now = Date.now()) {
  return Array.from({ length: COUNT }, (_, n) => ({
    name: n % 3 ? "viewed" : "bought",
    user_id: `user-${n % 5}`,
    timestamp: new Date(now - (COUNT - n) * 1_000).toISOString(),
    properties: { number: n, plan: n % 2 ? "pro" : "free" },
  }));
}

world.test("pickers offer what there is, with how often and when it was last seen", async () => {
  owner = await world.open();
  await signIn(owner, world.observe.url);
  base = projectUrl(owner);
  await world.observe.capture(history());
  await world.observe.stored(COUNT);
  await owner.goto(`${base}/live`);
  await count(owner, 100);
  await owner.getByRole("button", { name: "All events" }).click();
  const option = owner.getByRole("listbox", { name: "Events" }).getByRole("option").filter({ hasText: "viewed" });
  await option.getByText(/^(just now|\d+ (s|min) ago)$/).waitFor();
  assert.match(await option.innerText(), /48\d/);
  await option.click();
  await owner.getByRole("button", { name: "Remove viewed" }).waitFor();
  await owner.getByRole("button", { name: "Add filter" }).click();
  await owner.getByRole("option").filter({ hasText: "plan" }).getByText(/^(just now|\d+ (s|min) ago)$/).waitFor();
  await owner.getByRole("option").filter({ hasText: "plan" }).click();
  await owner.getByRole("option").filter({ hasText: "pro" }).click();
  await owner.getByRole("button", { name: "Done" }).click();
  await owner.getByRole("button", { name: "plan is pro", exact: true }).waitFor();
});

world.test("names, a property and a distinct id are in the address, and count for what arrives as well", async () => {
  await owner.getByLabel("Distinct id").fill("user-1");
  await eventually("the address to have all three", () => /events=viewed/.test(owner.url()) && /where=/.test(owner.url()) && /id=user-1/.test(owner.url()));
  const matching = history().filter(({ name, user_id, properties }) => name === "viewed" && user_id === "user-1" && properties.plan === "pro").length;
  await owner.reload();
  await count(owner, matching);
  await owner.getByRole("status").getByText("Live").waitFor();
  await world.observe.capture([
    { name: "viewed", user_id: "user-1", properties: { plan: "pro", number: "matches" } },
    { name: "viewed", user_id: "user-2", properties: { plan: "pro" } },
    { name: "viewed", user_id: "user-1", properties: { plan: "free" } },
    { name: "bought", user_id: "user-1", properties: { plan: "pro" } },
  ]);
  await rows(owner).filter({ hasText: "number: matches" }).waitFor();
  await world.observe.stored(COUNT + 4);
  await count(owner, matching + 1);
  await owner.getByRole("button", { name: "Clear" }).click();
  await count(owner, 100);
});

world.test("an open event offers its person and its properties as filters", async () => {
  const bought = rows(owner).filter({ hasText: "bought" }).filter({ hasText: "user-3" }).first();
  await bought.getByRole("button", { name: "bought" }).click();
  await owner.getByRole("dialog").getByRole("button", { name: "Show only events of this distinct id" }).click();
  await eventually("the address to name the person", () => /id=user-3/.test(owner.url()));
  await owner.keyboard.press("Escape");
  await count(owner, 100);
  assert.equal(await rows(owner).filter({ hasText: "user-3" }).count(), 100);
  await owner.getByRole("button", { name: "Clear" }).click();
});

world.test("older events come page by page to the first one, while the list is paused", async () => {
  await count(owner, 100);
  const more = owner.getByRole("button", { name: "Show older events" });
  for (let shown = 200; shown <= 700; shown += 100) {
    await more.click();
    await count(owner, shown);
  }
  await more.click();
  await owner.getByText(/^These are all, 73\d\.$/).waitFor();
  await count(owner, COUNT + 4);
  await rows(owner).last().getByText("number: 0 ").waitFor();
  await owner.getByRole("status").getByText("Paused, 0 waiting").waitFor();
  await world.observe.capture([{ name: "came_meanwhile", user_id: "user-1" }]);
  await owner.getByRole("status").getByText("Paused, 1 waiting").waitFor();
  assert.equal(await rows(owner).filter({ hasText: "came_meanwhile" }).count(), 0);
});

world.test("back to now begins with the latest, those that waited among them", async () => {
  await owner.getByRole("button", { name: "Back to now" }).click();
  await rows(owner).first().getByText("came_meanwhile").waitFor();
  await count(owner, 100);
  await owner.getByRole("status").getByText("Live").waitFor();
  await world.observe.capture([{ name: "came_after", user_id: "user-1" }]);
  await rows(owner).first().getByText("came_after").waitFor();
  await settled(owner);
  assert.deepEqual(world.faults(), []);
});
