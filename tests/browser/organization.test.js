// Who one is, with whom one works, and how others come in.
import assert from "node:assert/strict";
import { openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { OWNER } from "./harness/observe.js";
import { openWorld } from "./harness/world.js";

const GUEST = { name: "Charles Babbage", email: "charles@example.com", password: "a difference engine" };
const world = openWorld();
let owner;
let link;

world.test("a user changes the own name, and it stands wherever the user does", async () => {
  owner = await world.open();
  await signIn(owner, world.observe.url);
  await owner.goto(`${world.observe.url}/settings/account`);
  const name = owner.getByLabel("Your name");
  await name.fill("   ");
  await save(owner, "You");
  await owner.getByText("Must have 1-100 characters.").waitFor();
  await name.fill("  Augusta Ada King ");
  await save(owner, "You");
  await owner.getByText("Name saved").waitFor();
  assert.equal(await name.inputValue(), "Augusta Ada King");
  await owner.getByRole("button", { name: /Augusta Ada King.*Account menu/ }).waitFor();
  await owner.goto(`${world.observe.url}/settings/organization`);
  await owner.getByRole("table", { name: "Members" }).getByText("Augusta Ada King").first().waitFor();
});

world.test("a user creates an organization and its first project, beside the one there was", async () => {
  const before = owner.url();
  await openSwitcher(owner, "New organization");
  await owner.getByRole("dialog").getByLabel("Name").fill("Analytical Engines");
  await owner.getByRole("button", { name: "Create organization" }).click();
  await owner.getByRole("heading", { name: "No project yet" }).waitFor();
  assert.notEqual(owner.url(), before);
  assert.equal(await owner.getByLabel("Name", { exact: true }).inputValue(), "Analytical Engines");
  await owner.getByRole("table", { name: "Members" }).getByText(OWNER.email).waitFor();

  await owner.getByRole("button", { name: "New project" }).click();
  await owner.getByRole("dialog").getByLabel("Name").fill("Mill");
  await owner.getByRole("button", { name: "Create project" }).click();
  await owner.waitForURL(/\/p\/[^/]+\/install/);
  await owner.getByRole("button", { name: /Mill.*Analytical Engines.*Switch project/ }).waitFor();
  // A project begins without keys; the page offers the one that it needs.
  await owner.getByRole("button", { name: "Create a write key" }).click();
  await owner.getByRole("region", { name: "HTML snippet" }).waitFor();

  const mill = projectUrl(owner);
  await openSwitcher(owner, "Default");
  await owner.getByRole("button", { name: /^D? ?Default.*Switch project/ }).waitFor();
  assert.notEqual(projectUrl(owner), mill);
});

world.test("an invitation link lets one person in, with the role it gives", async () => {
  await owner.goto(`${world.observe.url}/settings/organization`);
  await owner.getByRole("button", { name: "Invite" }).click();
  await owner.getByLabel("Role", { exact: true }).selectOption({ label: "Viewer" });
  await owner.getByRole("button", { name: "Create link" }).click();
  link = await owner.getByRole("dialog").getByText(/\/invite\//).innerText();

  const guest = await world.open();
  await guest.goto(link);
  await guest.getByLabel("Your name").fill(GUEST.name);
  await guest.getByLabel("E-mail").fill(GUEST.email);
  await guest.getByLabel("Password", { exact: true }).fill(GUEST.password);
  await guest.getByRole("button", { name: "Create account and join" }).click();
  await guest.waitForURL(/\/p\/[^/]+\//);
  await openPlace(guest, "Settings");
  await settled(guest);
  assert.equal(await guest.getByLabel("Name", { exact: true }).isDisabled(), true, "a viewer changes nothing");
  assert.equal(await guest.getByRole("button", { name: "New key" }).count(), 0);
  await guest.goto(`${world.observe.url}/settings/organization`);
  await guest.getByRole("table", { name: "Members" }).getByText(GUEST.email).waitFor();
  assert.equal(await guest.getByRole("button", { name: "Invite" }).count(), 0);
});

world.test("a link that was used, or never was, says so and makes nothing", async () => {
  const late = await world.open();
  for (const address of [link, `${world.observe.url}/invite/none`]) {
    await late.goto(address);
    await late.getByRole("heading", { name: "This link does not work any more" }).waitFor();
    assert.equal(await late.getByLabel("Password", { exact: true }).count(), 0);
  }
  assert.deepEqual(world.faults(), []);
});

/** Chooses from the menu of projects. */
async function openSwitcher(page, entry) {
  await page.getByRole("button", { name: /Switch project$/ }).click();
  await page.getByRole("menu").getByText(entry, { exact: true }).last().click();
}

/** Presses the button below a card. */
async function save(page, card) {
  await page.locator("form").filter({ has: page.getByRole("heading", { name: card, exact: true }) }).getByRole("button", { name: "Save" }).click();
}
