// A release breaks paying in a real shop, and a server dies: the overview names both first, alerts go out, and both close.
import assert from "node:assert/strict";
import { signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { freePort, WRITE_KEY } from "./harness/observe.js";
import { startReceiver } from "./harness/receiver.js";
import { startShop } from "./harness/shop.js";
import { snippet } from "./harness/snippet.js";
import { Target } from "./harness/target.js";
import { openWorld } from "./harness/world.js";

const PEOPLE = ["ada", "grace", "edsger", "barbara", "donald"];
/** From the first failure to the first row, and the alert. */
const SIGNAL_MS = 15_000;
/** From the repair to the end of the incident: its last minutes have to be good again. */
const RECOVERY_MS = 420_000;
const DRILL_MS = 600_000;

let shop;
let receiver;
let target;
let owner;
const shoppers = new Map();

const world = openWorld({ env: { OBSERVE_EGRESS_ALLOW: "127.0.0.0/8" } }, async (world) => {
  shop = await startShop(world.observe, snippet(world.observe.url, WRITE_KEY), WRITE_KEY);
  world.stopAtEnd(() => shop.stop());
  receiver = await startReceiver();
  world.stopAtEnd(() => receiver.stop());
  target = new Target(await freePort());
  await target.start();
  world.stopAtEnd(() => target.kill());
});

const monitor = (method, body) => world.observe.call(`observe.monitor.v1.${method}`, body);
/** The first row of the overview, as it is written. */
const firstRow = async () => (await owner.getByRole("list", { name: "What is broken, the worst first" }).getByRole("listitem").first().innerText()).replace(/\s+/g, " ");
const alertsOf = (type, title) => receiver.received.filter(({ message }) => message.type === type && title.test(message.data.title));

async function pay(times) {
  for (const person of PEOPLE) {
    const page = shoppers.get(person);
    for (let n = 0; n < times; n++) {
      const answered = page.waitForResponse((response) => response.url().endsWith("/api/pay"));
      await page.getByRole("button", { name: "Pay" }).click();
      await answered;
    }
  }
}

world.test("a channel and a monitor are made, and people pay", async () => {
  const channel = { name: "On call", webhook: { url: receiver.url } };
  receiver.secret = (await monitor("AlertChannelService/CreateAlertChannel", { alertChannel: channel })).secret;
  const watched = { name: "Shop front", interval: "10s", retries: 1, retryInterval: "2s", http: { url: target.url } };
  await monitor("MonitorService/CreateMonitor", { monitor: watched });
  for (const person of PEOPLE) {
    const page = await world.open();
    await page.goto(`${shop.url}/?person=${person}`);
    shoppers.set(person, page);
  }
  await pay(2);
  owner = await world.open();
  await signIn(owner, world.observe.url);
  await owner.getByRole("heading", { level: 1, name: "Nothing is broken" }).waitFor();
});

world.test("a broken release is the first row within 15 seconds, with the people it hit, and an alert goes out", async (t) => {
  shop.broken = true;
  const began = performance.now();
  await pay(2);
  const row = await eventually("the first row to name the payment", async () => {
    const text = await firstRow();
    return /POST \/api\/pay is failing/.test(text) && /\b5 people/.test(text) && text;
  }, SIGNAL_MS);
  t.diagnostic(`figure from the first failure to the first row: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  assert.match(row, /% errors/);
  const [alert] = await eventually("the alert", () => {
    const alerts = alertsOf("incident.opened", /POST \/api\/pay is failing/);
    return alerts.length > 0 && alerts;
  }, SIGNAL_MS);
  assert.equal(alert.verified, true, "the official library takes the signature for good");
  await owner.getByText("PaymentError: payment was refused with 500").waitFor();
}, DRILL_MS);

world.test("a dead server is found by its monitor, told, and both incidents close when all is well again", async (t) => {
  target.kill();
  await owner.getByText("Shop front is down").waitFor({ timeout: 60_000 });
  await eventually("the alert of the monitor", () => alertsOf("incident.opened", /Shop front/).length > 0, SIGNAL_MS);

  await target.start();
  shop.broken = false;
  const mended = performance.now();
  await pay(4);
  await eventually("the monitor's incident to close", () => alertsOf("incident.closed", /Shop front/).length > 0, 60_000);
  await eventually("the payment's incident to close", async () => {
    await pay(1);
    return alertsOf("incident.closed", /POST \/api\/pay/).length > 0;
  }, RECOVERY_MS);
  t.diagnostic(`figure from the repair to the end of the incident: ${((performance.now() - mended) / 1_000).toFixed(1)} s`);
  await owner.getByText("POST /api/pay is failing").waitFor({ state: "hidden" });
  await owner.getByText("Shop front is down").waitFor({ state: "hidden" });
  assert.ok(receiver.received.every(({ verified }) => verified), "every alert was signed");
}, DRILL_MS);
