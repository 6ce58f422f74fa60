// Sentry's clients, unchanged, with Observe's address and write key in their DSN.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "../../browser/harness/eventually.js";
import { WRITE_KEY, startObserve } from "../../browser/harness/observe.js";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));
const PYTHON = `${HERE}.venv/bin/python`;
const RUN_MS = 120_000;

let observe;
before(async () => {
  observe = await startObserve();
});
after(() => observe?.stop());

/** A DSN as the settings of a project show it. */
function dsn() {
  return observe.url.replace("http://", `http://${WRITE_KEY}@`) + "/1";
}

/** Waits until so many events are counted, and answers their groups. */
function groups(events) {
  return eventually(`${events} errors to be counted`, async () => {
    const { errorGroups } = await observe.call("observe.reports.v1.ErrorService/ListErrorGroups");
    const counted = errorGroups.reduce((sum, group) => sum + Number(group.eventCount), 0);
    return counted === events && errorGroups;
  });
}

function detail(group) {
  return observe.call("observe.reports.v1.ErrorService/GetErrorGroup", { errorGroupId: group.id });
}

test("errors of the Python client are grouped, with the people they hit", async () => {
  if (!existsSync(PYTHON)) {
    await run("python3", ["-m", "venv", `${HERE}.venv`], { timeout: RUN_MS });
    await run(PYTHON, ["-m", "pip", "install", "--quiet", "-r", `${HERE}requirements.txt`], { timeout: RUN_MS });
  }
  await run(PYTHON, [`${HERE}shop.py`, dsn()], { timeout: RUN_MS });
  const found = await groups(6);
  const payment = found.find((group) => group.type === "PaymentError");
  assert.deepEqual([payment.eventCount, payment.peopleAffected, payment.culprit.split(" in ")[0]], ["3", "2", "pay"]);
  assert.equal(payment.handled, true);
  const { exceptions, facets, persons } = await detail(payment);
  assert.deepEqual(exceptions.map(({ type }) => type), ["ConnectionError", "PaymentError"]);
  assert.equal(exceptions[1].frames[0].function, "pay");
  assert.match(exceptions[1].frames[0].contextLine, /raise PaymentError/);
  assert.deepEqual(persons.map(({ distinctId }) => distinctId).sort(), ["ada", "ben"]);
  const release = facets.find(({ property }) => property === "$release");
  assert.deepEqual(release.values, [{ value: "shop@1.0", eventCount: "3" }]);

  const titles = found.map(({ title }) => title);
  assert.ok(titles.includes("stock is low"));
  assert.ok(titles.includes("mail to cid@example.com bounced"), "what is logged as an error is one");
  const deep = found.find((group) => group.type === "ValueError");
  const { exceptions: [thrown] } = await detail(deep);
  assert.deepEqual([thrown.frames.length, thrown.frames[0].function], [82, "unfold"]);
  assert.ok(thrown.value.length <= 2_000);
});

test("errors of the Node.js client are grouped, also one that nobody caught", async () => {
  const failed = await run(process.execPath, [`${HERE}shop.mjs`, dsn()], { timeout: RUN_MS }).catch((error) => error);
  assert.match(String(failed.stderr), /nobody waits for me/);
  const found = await groups(11);
  const payments = found.filter((group) => group.type === "PaymentError");
  assert.equal(payments.length, 2, "another stack is another group");
  const payment = payments.find((group) => group.culprit.includes("shop.mjs"));
  assert.deepEqual([payment.eventCount, payment.peopleAffected], ["3", "2"]);
  const { exceptions } = await detail(payment);
  // Each order is a request of its own, and times are corrected by how long each took: which of them is the latest is open.
  const order = exceptions[1].value.match(/^order ([0-2]) was not paid$/)?.[1];
  assert.deepEqual(exceptions.map(({ value }) => value), [`no route to bank ${order}`, `order ${order} was not paid`]);
  const unheard = found.find((group) => group.type === "TypeError");
  assert.deepEqual([unheard.handled, unheard.peopleAffected], [false, "1"]);
});

test("requests that the Python client timed are an endpoint", async () => {
  const endpoint = await eventually("the endpoint", async () => {
    const { endpoints } = await observe.call("observe.reports.v1.LatencyService/ListEndpoints");
    return endpoints.find(({ requestCount }) => requestCount === "3");
  });
  assert.deepEqual([endpoint.name.service, endpoint.name.method, endpoint.name.route], ["shop", "POST", "/pay"]);
});

test("nothing that was accepted is missing", async () => {
  const status = await observe.stored(11);
  assert.equal(status.accepted, status.stored);
});
