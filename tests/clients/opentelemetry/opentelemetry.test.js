// OpenTelemetry's exporters, unchanged, with Observe's address and a key in a header.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "../../browser/harness/eventually.js";
import { SECRET_KEY, WRITE_KEY, startObserve } from "../../browser/harness/observe.js";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));
const PYTHON = `${HERE}.venv/bin/python`;
const RUN_MS = 180_000;

let observe;
before(async () => {
  if (!existsSync(PYTHON)) {
    await run("python3", ["-m", "venv", `${HERE}.venv`], { timeout: RUN_MS });
    await run(PYTHON, ["-m", "pip", "install", "--quiet", "-r", `${HERE}requirements.txt`], { timeout: RUN_MS });
  }
  observe = await startObserve();
});
after(() => observe?.stop());

/** Sends the shop's spans by one way, and waits until both endpoints of it are counted; answers them by route. */
async function shop(how, key) {
  await run(PYTHON, [`${HERE}shop.py`, observe.url.replace("http://", ""), key, how], { timeout: RUN_MS });
  return eventually(`the spans by ${how}`, async () => {
    const { endpoints = [] } = await observe.call("observe.reports.v1.LatencyService/ListEndpoints");
    const own = endpoints.filter(({ name }) => name.service === `shop-${how}`);
    const counted = own.reduce((sum, { requestCount }) => sum + Number(requestCount), 0);
    return counted >= 60 && Object.fromEntries(own.map((endpoint) => [endpoint.name.route, endpoint]));
  });
}

for (const [how, key] of [
  ["grpc", WRITE_KEY],
  ["grpc-gzip", SECRET_KEY],
  ["http", SECRET_KEY],
  ["http-gzip", WRITE_KEY],
]) {
  test(`server spans come in by ${how}`, async () => {
    const routes = await shop(how, key);
    assert.deepEqual(Object.keys(routes).sort(), ["/pay/{order}", "/products/:id"]);
    const [products, pay] = [routes["/products/:id"], routes["/pay/{order}"]];
    assert.deepEqual([products.name.method, products.requestCount, products.errorCount ?? "0"], ["GET", "50", "0"]);
    assert.deepEqual([pay.name.method, pay.requestCount, pay.errorCount], ["POST", "10", "3"]);
    assert.equal(pay.condition, "CONDITION_FAILING");
    assert.match(products.p95, /^0(\.\d+)?s$/, "a span of nothing is quick");
    const told = await observe.call("observe.reports.v1.LatencyService/QueryLatency", { endpoint: pay.name });
    assert.deepEqual([told.people, told.peopleAffected], ["4", "3"]);
    assert.deepEqual(told.failed.map(({ errorMessage }) => errorMessage), Array(3).fill("ConnectionError: no route to bank"));
    assert.match(told.failed[0].traceId, /^[0-9a-f]{32}$/);
    assert.equal(told.failed[0].statusCode, 502);
    assert.equal(told.points.length <= 200, true);
  });
}

test("a request event counts as a span too", async () => {
  const request = { name: "$request", distinct_id: "ada", properties: { service: "plain", method: "get", path: "/cart/7", status: 200, duration_ms: 12 } };
  await observe.capture([request]);
  const endpoint = await eventually("the request to be counted", async () => {
    const { endpoints } = await observe.call("observe.reports.v1.LatencyService/ListEndpoints");
    return endpoints.find(({ name }) => name.service === "plain");
  });
  assert.deepEqual([endpoint.name.method, endpoint.name.route, endpoint.requestCount], ["GET", "/cart/:id", "1"]);
  assert.match(endpoint.p50, /^0\.01[12]\d*s$/);
});

test("a wrong key is told", async () => {
  const wrong = "obs_pub_thisKeyWasNeverMade0000";
  for (const how of ["grpc", "http"]) {
    const failed = await run(PYTHON, [`${HERE}shop.py`, observe.url.replace("http://", ""), wrong, how], { timeout: RUN_MS })
      .then(({ stderr }) => stderr, ({ stderr }) => stderr);
    assert.match(failed, /UNAUTHENTICATED|401|Unauthorized/i, how);
  }
});
