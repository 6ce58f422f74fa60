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

/** Waits until the groups with this release are as many, and answers them by title. */
async function groups(count) {
  const list = () => observe.call("observe.reports.v1.ErrorService/ListErrorGroups");
  const answer = await eventually(`${count} groups of errors`, async () => {
    const { errorGroups } = await list();
    return errorGroups.length === count && errorGroups;
  });
  return Object.fromEntries(answer.map((group) => [group.title, group]));
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
  const found = await groups(4);
  const payment = Object.values(found).find((group) => group.type === "PaymentError");
  assert.deepEqual([payment.eventCount, payment.peopleAffected, payment.culprit.split(" in ")[0]], ["3", "2", "pay"]);
  assert.equal(payment.handled, true);
  const { exceptions, facets, persons } = await detail(payment);
  assert.deepEqual(exceptions.map(({ type }) => type), ["ConnectionError", "PaymentError"]);
  assert.equal(exceptions[1].frames[0].function, "pay");
  assert.match(exceptions[1].frames[0].contextLine, /raise PaymentError/);
  assert.deepEqual(persons.map(({ distinctId }) => distinctId).sort(), ["ada", "ben"]);
  const release = facets.find(({ property }) => property === "$release");
  assert.deepEqual(release.values, [{ value: "shop@1.0", eventCount: "3" }]);

  assert.equal(found["stock is low"].eventCount, "1");
  assert.ok(found["mail to cid@example.com bounced"], "what is logged as an error is one");
  const endless = Object.values(found).find((group) => group.type === "RecursionError");
  const { exceptions: [recursion] } = await detail(endless);
  assert.ok(recursion.frames.length > 10 && recursion.frames.length <= 200, `${recursion.frames.length} frames`);
});

test("errors of the Node.js client are grouped, also one that nobody caught", async () => {
  const failed = await run(process.execPath, [`${HERE}shop.mjs`, dsn()], { timeout: RUN_MS }).catch((error) => error);
  assert.match(String(failed.stderr), /nobody waits for me/);
  const found = await groups(7);
  const payments = Object.values(found).filter((group) => group.type === "PaymentError");
  assert.equal(payments.length, 2, "another stack is another group");
  const payment = payments.find((group) => group.culprit.includes("shop.mjs"));
  assert.deepEqual([payment.eventCount, payment.peopleAffected], ["3", "2"]);
  const { exceptions } = await detail(payment);
  assert.deepEqual(exceptions.map(({ value }) => value), ["no route to bank", "order 2 was not paid"]);
  const unheard = Object.values(found).find((group) => group.type === "TypeError");
  assert.deepEqual([unheard.handled, unheard.peopleAffected], [false, "1"]);
});

test("nothing that was accepted is missing", async () => {
  const status = await observe.stored(10);
  assert.equal(status.accepted, status.stored);
});
