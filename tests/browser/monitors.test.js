// A monitor from the first try to its deletion: made, tried, down, its incident, up again; a heartbeat; an alert channel.
import assert from "node:assert/strict";
import { openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { freePort } from "./harness/observe.js";
import { startReceiver } from "./harness/receiver.js";
import { Target } from "./harness/target.js";
import { openWorld } from "./harness/world.js";

const HOSTILE = `<img src=x onerror="window.__xss=1">`;
const STATE_MS = 60_000;

let target;
let receiver;
let page;
let base;

const world = openWorld({ env: { OBSERVE_EGRESS_ALLOW: "127.0.0.0/8" } }, async (world) => {
  target = new Target(await freePort());
  await target.start();
  world.stopAtEnd(() => target.kill());
  receiver = await startReceiver();
  world.stopAtEnd(() => receiver.stop());
});

/** Waits until the head of the page says how the monitor is. */
const state = (word) => page.getByRole("heading", { level: 1 }).filter({ hasText: new RegExp(`${word}$`) }).waitFor({ timeout: STATE_MS });

world.test("a project without monitors says what they are for", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  await openPlace(page, "Uptime");
  await page.getByRole("heading", { name: "Nothing is watched yet" }).waitFor();
  await page.getByRole("link", { name: "Watch an address" }).click();
  await page.getByRole("heading", { level: 1, name: "New monitor" }).waitFor();
});

world.test("a forbidden address is refused at its field, and what was typed stays", async () => {
  await page.getByLabel("Address", { exact: true }).fill("http://169.254.169.254/latest/meta-data");
  await page.getByLabel("Name", { exact: true }).fill(HOSTILE);
  await page.getByRole("button", { name: "Create monitor" }).click();
  await page.locator('[aria-invalid="true"]').waitFor();
  const field = page.getByLabel("Address", { exact: true });
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.equal(await field.inputValue(), "http://169.254.169.254/latest/meta-data");
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), HOSTILE);
});

world.test("trying it shows the outcome and where the time went, and records nothing", async () => {
  await page.getByLabel("Address", { exact: true }).fill(target.url);
  await page.getByLabel("Checked").selectOption({ label: "Every 10 seconds" });
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText("Status 200").waitFor();
  await page.getByText("First byte", { exact: true }).waitFor();
  assert.deepEqual((await world.observe.call("observe.monitor.v1.MonitorService/ListMonitors")).monitors ?? [], []);
});

world.test("a saved monitor is checked at once, and its name is text everywhere", async () => {
  await page.getByRole("button", { name: "Create monitor" }).click();
  await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
  await state("Up");
  await page.getByRole("table", { name: "Checks" }).getByRole("row").nth(1).waitFor();
  await page.goto(`${base}/uptime`);
  await page.getByRole("list", { name: "Monitors" }).getByRole("link", { name: HOSTILE }).waitFor();
  assert.equal(await page.evaluate(() => window.__xss), undefined);
  assert.equal(await page.locator('img[src="x"]').count(), 0);
});

world.test("a bar is read with the arrow keys", async () => {
  const bars = page.getByRole("slider", { name: /^Uptime of/ }).first();
  await bars.focus();
  assert.match(await bars.getAttribute("aria-valuetext"), /up, \d+ checks/);
  await page.keyboard.press("Home");
  assert.match(await bars.getAttribute("aria-valuetext"), /No data/);
});

world.test("a dead target is down, with its reason and an incident that somebody looks after", async () => {
  target.kill();
  await page.getByRole("link", { name: HOSTILE }).click();
  await state("Down");
  await page.getByLabel("Only failed").check();
  await settled(page);
  await page.getByRole("table", { name: "Checks" }).getByRole("cell", { name: /Down/ }).first().waitFor();
  await page.getByRole("link", { name: "See the incident" }).click();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText(/^by you,/).waitFor();
  await page.getByRole("listitem").filter({ hasText: "Acknowledged by you" }).waitFor();
});

world.test("it closes by itself when the target is back", async () => {
  await target.start();
  await state("Closed");
  await page.getByRole("link", { name: "See the monitor" }).click();
  await state("Up");
});

world.test("pausing stops the checks, resuming begins them again", async () => {
  await page.getByRole("button", { name: "Pause" }).click();
  await state("Paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await state("Up");
});

world.test("the palette finds it by its name", async () => {
  await page.goto(`${base}/live`);
  await settled(page);
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder(/^Go to/).fill("onerror");
  await page.getByRole("option", { name: HOSTILE }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
});

world.test("deleting asks for the name, and leaves nothing but the incident", async () => {
  await page.getByRole("button", { name: "Delete" }).click();
  const confirm = page.getByRole("button", { name: "Delete monitor" });
  assert.equal(await confirm.isDisabled(), true);
  await page.getByRole("dialog").getByRole("textbox").fill(HOSTILE);
  await confirm.click();
  await page.getByRole("heading", { name: "Nothing is watched yet" }).waitFor();
  await page.getByRole("link", { name: "Incidents" }).click();
  await page.getByRole("table", { name: "Incidents" }).getByText("Closed").waitFor();
});

world.test("a heartbeat shows its address, and is up once it was called", async () => {
  await page.goto(`${base}/uptime/new?kind=heartbeat`);
  await page.getByLabel("Name", { exact: true }).fill("Nightly backup");
  await page.getByRole("button", { name: "Create monitor" }).click();
  const url = (await page.getByRole("region", { name: "Heartbeat address" }).innerText()).trim();
  assert.ok(url.startsWith(`${world.observe.url}/heartbeat/`), url);
  assert.ok((await page.getByRole("region", { name: "Crontab line" }).innerText()).includes(url));
  assert.equal((await fetch(url)).status, 200);
  await state("Up");
  await fetch(`${url}/fail`, { method: "POST" });
  await state("Down");
});

world.test("an alert channel shows its secret once, and a test tells what came of it", async () => {
  await page.goto(`${base}/settings`);
  await page.getByRole("button", { name: "New channel" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("http://[::ffff:169.254.169.254]/");
  await dialog.getByRole("button", { name: "Create channel" }).click();
  await dialog.locator('[aria-invalid="true"]').first().waitFor();
  await dialog.getByLabel("Name").fill("On call");
  await dialog.getByLabel("Address").fill(receiver.url);
  await dialog.getByRole("button", { name: "Create channel" }).click();
  receiver.secret = await page.getByText(/^whsec_/).innerText();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText(/Test: .*delivered, status 204/).waitFor();
  const test = await eventually("the test message", () => receiver.received[0]);
  assert.equal(test.verified, true);
  await page.reload();
  await page.getByText("On call", { exact: true }).waitFor();
  assert.equal(await page.getByText(/whsec_\w{8}/).count(), 0);
  assert.deepEqual(world.faults(), []);
});
