// Keys and origins that do not count any more: the developer of the site is told, and so is who has the install page open.
import assert from "node:assert/strict";
import { projectUrl, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { WRITE_KEY } from "./harness/observe.js";
import { listen, snippet, withDebug } from "./harness/snippet.js";
import { openWorld } from "./harness/world.js";

/** Keys and settings are refreshed each minute. */
const REFRESHED_MS = 80_000;

const world = openWorld();
let owner;

/** Opens the site again and again until the SDK says what is looked for. */
async function visitUntil(said) {
  const visitor = await world.open();
  const heard = listen(visitor);
  await eventually(`the console to say ${said}`, async () => {
    heard.length = 0;
    await visitor.goto(world.site.url);
    await eventually("an answer", () => heard.find((line) => /sent|refused/.test(line)), 5_000);
    if (!heard.some((line) => said.test(line))) throw new Error(heard.join("\n"));
    return true;
  }, REFRESHED_MS);
  await visitor.context().close();
}

world.test("an origin that is not allowed is told so in the console, and an allowed one is taken", async () => {
  owner = await world.open();
  await signIn(owner, world.observe.url);
  world.site.head = withDebug(snippet(world.observe.url, WRITE_KEY));
  await saveOrigins("https://elsewhere.example");
  await visitUntil(/refused with 403/);
  await saveOrigins(`https://elsewhere.example\n${world.site.url}/`);
  await visitUntil(/\[observe\] sent 1 events/);
});

world.test("the install page names the allowed origins to who waits for events", async () => {
  await owner.goto(`${projectUrl(owner)}/install`);
  await owner.getByText("Nothing arrives?").click();
  await owner.getByText(`This project takes events from pages of https://elsewhere.example, ${world.site.url} only.`).waitFor();
});

world.test("a revoked key is told so in the console and on an open install page", async () => {
  const install = await owner.context().newPage();
  await install.goto(`${projectUrl(owner)}/install`);
  await install.getByText(WRITE_KEY).waitFor();

  await owner.goto(`${projectUrl(owner)}/settings`);
  const row = owner.getByRole("row").filter({ hasText: "Write" });
  const name = (await row.getByRole("cell").first().innerText()).trim();
  await row.getByRole("button", { name: `Revoke ${name}` }).click();
  const dialog = owner.getByRole("dialog");
  assert.equal(await dialog.getByRole("button", { name: "Revoke key" }).isDisabled(), true, "the name has to be typed first");
  await dialog.getByRole("textbox").fill(name);
  await dialog.getByRole("button", { name: "Revoke key" }).click();
  await owner.getByText("Key revoked.").waitFor();

  await install.getByRole("alert").getByText(`The key “${name}” was revoked while this page was open.`).waitFor({ timeout: 30_000 });
  await install.getByRole("heading", { name: "This project has no write key" }).waitFor();
  await visitUntil(/refused with 401/);

  await install.getByRole("button", { name: "Create a write key" }).click();
  await install.getByRole("region", { name: "HTML snippet" }).waitFor();
  world.site.head = withDebug(await install.getByRole("region", { name: "HTML snippet" }).innerText());
  await visitUntil(/\[observe\] sent 1 events/);
  assert.deepEqual(world.faults(), []);
});

async function saveOrigins(text) {
  await owner.goto(`${projectUrl(owner)}/settings`);
  await owner.getByLabel("Allowed origins").fill(text);
  await owner.getByRole("button", { name: "Save", exact: true }).click();
  await owner.getByText("Project saved").waitFor();
}
