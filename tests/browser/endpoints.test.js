// Requests of a service on their pages: taught, sent by the shown line, ranked, and read one by one.
import assert from "node:assert/strict";
import { openPlace, projectUrl, settled, signIn } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { WRITE_KEY } from "./harness/observe.js";
import { openWorld } from "./harness/world.js";

const HOSTILE = `/<img src=x onerror="window.__xss=1">`;
const PEOPLE = 5;
const world = openWorld();
let page;
let base;

/** Every second payment of five people fails; a hostile route answers once. */
function requests() {
  const start = Date.now() - 10 * 60_000;
  const pay = Array.from({ length: 2 * PEOPLE }, (_, n) => ({
    name: "$request",
    distinct_id: `user-${n % PEOPLE}`,
    timestamp: new Date(start + n * 1_000).toISOString(),
    properties: { service: "shop", method: "POST", route: "/pay", path: `/pay?n=${n}`, status: n < PEOPLE ? 200 : 500, duration_ms: 100 + n * 10, error_message: n < PEOPLE ? "" : "refused" },
  }));
  return [...pay, { name: "$request", distinct_id: "user-0", properties: { service: HOSTILE, method: "GET", route: HOSTILE, status: 200, duration_ms: 4 } }];
}

world.test("a project without requests shows the lines that send them, with its own key", async () => {
  page = await world.open();
  await signIn(page, world.observe.url);
  base = projectUrl(page);
  await openPlace(page, "Endpoints");
  const lines = page.getByRole("region", { name: "Environment for OpenTelemetry" });
  await lines.waitFor();
  const text = await lines.innerText();
  assert.ok(text.includes(`OTEL_EXPORTER_OTLP_ENDPOINT=${world.observe.url}`) && text.includes(WRITE_KEY), text);
});

world.test("the shown curl line makes its endpoint appear by itself", async () => {
  await page.getByText("By hand").click();
  const line = await page.getByRole("region", { name: "A request by curl" }).innerText();
  await world.observe.capture([JSON.parse(/-d '([\s\S]+)'/.exec(line)[1])]);
  await page.getByRole("table", { name: "Endpoints" }).getByText("/orders/:id").waitFor({ timeout: 60_000 });
});

world.test("endpoints are counted, found by service and by text, and hostile names are text", async () => {
  await world.observe.capture(requests());
  const table = page.getByRole("table", { name: "Endpoints" });
  const row = table.getByRole("row").filter({ hasText: "/pay" });
  await eventually("all requests to be counted", async () => {
    await page.reload();
    await settled(page);
    return (await row.count()) === 1 && /\b10\b.*50 ?%/.test((await row.innerText()).replace(/\s+/g, " "));
  }, 60_000);
  await table.getByText(HOSTILE).first().waitFor();
  await page.getByLabel("Service", { exact: true }).selectOption("shop");
  assert.equal(await table.getByRole("row").count(), 2, "the head and one row");
  await page.getByLabel("Service", { exact: true }).selectOption("");
  await page.getByLabel("Search endpoints").fill("post pay");
  await eventually("the search", async () => (await table.getByRole("row").count()) === 2);
});

world.test("one endpoint shows its numbers, its failures and whom they hit", async () => {
  await page.getByRole("link", { name: "POST /pay" }).click();
  await settled(page);
  await page.getByRole("figure", { name: "Latency" }).waitFor();
  const numbers = (await page.locator("dl").first().innerText()).replace(/\s+/g, " ");
  assert.match(numbers, /Requests 10 .*Failed 50 ?% 5 requests People affected 5/);
  const failed = page.getByRole("table", { name: "Failed requests" });
  assert.equal(await failed.getByRole("row").count(), PEOPLE + 1);
  await failed.getByText("refused").first().waitFor();
  await page.getByRole("tab", { name: /^Slowest/ }).click();
  await page.getByRole("table", { name: "Slowest requests" }).getByText("190 ms").waitFor();
  await page.getByRole("tab", { name: /^Failed/ }).click();
  await failed.getByRole("link", { name: "user-4" }).click();
  await page.getByRole("heading", { level: 1, name: /user-4/ }).waitFor();
});

world.test("an endpoint nobody asked for says so, and a hostile one stays text", async () => {
  const address = (service, route) => `${base}/endpoints/one?${new URLSearchParams({ service, method: "GET", route })}`;
  await page.goto(address("shop", "/never"));
  await page.getByRole("heading", { name: "No request in this range" }).waitFor();
  await page.goto(address(HOSTILE, HOSTILE));
  await page.getByRole("figure", { name: "Latency" }).waitFor();
  assert.equal(await page.evaluate(() => window.__xss), undefined);
  assert.equal(await page.locator('img[src="x"]').count(), 0);
  assert.deepEqual(world.faults(), []);
});
