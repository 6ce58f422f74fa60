// A project's settings: each form keeps what the others have saved, and what deletes data asks first.
import assert from "node:assert/strict";
import { projectUrl, settled, signIn } from "./harness/dashboard.js";
import { openWorld } from "./harness/world.js";

const world = openWorld();
let owner;
let settings;

async function open() {
  await owner.goto(settings);
  await settled(owner);
}

const form = (button) => owner.locator("form").filter({ has: owner.getByRole("button", { name: button, exact: true }) });

/** Presses the button of a form and waits for what is said then. */
async function save(button, said) {
  await form(button).getByRole("button", { name: button, exact: true }).click();
  await owner.getByText(said, { exact: true }).waitFor();
}

/** What the page says after it was loaded anew. */
async function saved() {
  await open();
  const retention = form("Save retention");
  return {
    name: await owner.getByLabel("Name", { exact: true }).inputValue(),
    zone: await owner.getByLabel("Time zone").inputValue(),
    origins: await owner.getByLabel("Allowed origins").inputValue(),
    address: await form("Save privacy").getByRole("radio", { checked: true }).evaluate((radio) => radio.closest("label").querySelector("strong").textContent),
    place: await owner.getByLabel("Keep the place").isChecked(),
    events: await retention.getByLabel("Events", { exact: true }).inputValue(),
    errors: await retention.getByLabel("Errors", { exact: true }).inputValue(),
  };
}

world.test("a new project truncates addresses and keeps everything for ever", async () => {
  owner = await world.open();
  await signIn(owner, world.observe.url);
  settings = `${projectUrl(owner)}/settings`;
  const { address, place, events, errors } = await saved();
  assert.deepEqual({ address, place, events, errors }, { address: "Truncated", place: true, events: "", errors: "" });
});

world.test("privacy is saved, and what the other forms save later does not undo it", async () => {
  await owner.getByRole("radio", { name: /^Dropped/ }).check();
  await owner.getByLabel("Keep the place").uncheck();
  await save("Save privacy", "Privacy saved");
  await owner.getByLabel("Name", { exact: true }).fill("Shop");
  await owner.getByLabel("Time zone").selectOption("Asia/Tokyo");
  await owner.getByLabel("Allowed origins").fill("https://shop.example");
  await save("Save", "Project saved");
  const now = await saved();
  assert.deepEqual(now, { name: "Shop", zone: "Asia/Tokyo", origins: "https://shop.example", address: "Dropped", place: false, events: "", errors: "" });
});

world.test("keeping data for a shorter time says what will be deleted and asks for the project's name", async () => {
  const retention = form("Save retention");
  await retention.getByLabel("Events", { exact: true }).selectOption({ label: "90 days" });
  await retention.getByText(/^Events are deleted 90 days after they happened: today, those from before /).waitFor();
  await retention.getByLabel("Errors", { exact: true }).selectOption({ label: "Another number of days" });
  await retention.getByLabel("Days to keep errors").fill("91");
  await retention.getByRole("button", { name: "Save retention" }).click();
  await retention.getByText("Errors are events, too: they cannot be kept longer than those.").waitFor();
  await retention.getByLabel("Days to keep errors").fill("14");
  await retention.getByRole("button", { name: "Save retention" }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByText(/^Events from before .* and errors from before .* will be deleted, and cannot be brought back\./).waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Save and delete" }).isDisabled(), true);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal((await saved()).events, "", "nothing is saved before it is confirmed");
});

world.test("confirmed, it is saved beside everything else; longer again needs no confirmation", async () => {
  const retention = form("Save retention");
  await retention.getByLabel("Events", { exact: true }).selectOption({ label: "90 days" });
  await retention.getByLabel("Errors", { exact: true }).selectOption({ label: "30 days" });
  await retention.getByRole("button", { name: "Save retention" }).click();
  await owner.getByRole("dialog").getByRole("textbox").fill("Shop");
  await owner.getByRole("dialog").getByRole("button", { name: "Save and delete" }).click();
  await owner.getByText("Retention saved", { exact: true }).waitFor();
  assert.deepEqual(await saved(), { name: "Shop", zone: "Asia/Tokyo", origins: "https://shop.example", address: "Dropped", place: false, events: "90", errors: "30" });
  await form("Save retention").getByLabel("Events", { exact: true }).selectOption({ label: "1 year" });
  await save("Save retention", "Retention saved");
  const { events, errors, address } = await saved();
  assert.deepEqual({ events, errors, address }, { events: "365", errors: "30", address: "Dropped" });
});

world.test("a page that was opened before somebody else saved does not undo it", async () => {
  const stale = await owner.context().newPage();
  await stale.goto(settings);
  await settled(stale);
  await owner.getByRole("radio", { name: /^Kept/ }).check();
  await save("Save privacy", "Privacy saved");
  await stale.getByLabel("Name", { exact: true }).fill("Store");
  await stale.getByRole("button", { name: "Save", exact: true }).click();
  await stale.getByText("Project saved", { exact: true }).waitFor();
  const { name, address, events } = await saved();
  assert.deepEqual({ name, address, events }, { name: "Store", address: "Kept", events: "365" });
  assert.deepEqual(world.faults(), []);
});
