// How heavy the dashboard is.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { openPlace, projectUrl, settled, signIn } from "../harness/dashboard.js";
import { openWorld } from "../harness/world.js";

/** The most JavaScript, compressed, for the first signed-in page. */
const SCRIPT_BYTES_MAX = 250_000;
const world = openWorld();

/** Gathers the size of every script that a page loads. */
function weigh(page) {
  const scripts = new Map();
  const under = [];
  page.on("response", (response) => {
    if (response.request().resourceType() !== "script" || !response.ok()) return;
    under.push(
      response.body().then((body) => {
        scripts.set(response.url(), { gzip: gzipSync(body, { level: 9 }).length, raw: body.length, encoding: response.headers()["content-encoding"] ?? "none" });
      }),
    );
  });
  return async () => {
    await Promise.all(under);
    const all = [...scripts.values()];
    const sum = (field) => all.reduce((total, one) => total + one[field], 0);
    return { count: all.length, gzip: sum("gzip"), raw: sum("raw"), encodings: [...new Set(all.map(({ encoding }) => encoding))].join(", ") };
  };
}

world.test("a signed-in page paints soon and its scripts stay below the limit", async (t) => {
  const first = await world.open();
  await signIn(first, world.observe.url);
  await world.observe.capture([{ name: "viewed", anonymous_id: "a" }, { name: "bought", anonymous_id: "a" }]);
  await world.observe.stored(2);
  const session = await first.context().storageState();

  // Another context has the session and an empty cache.
  const page = await world.open({ storageState: session });
  const weight = weigh(page);
  await page.goto(`${projectUrl(first)}/overview`);
  await page.getByRole("region", { name: "Numbers of today" }).waitFor();
  const [painted, shown] = await page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN, performance.now()]);
  const one = await weight();
  await page.reload();
  await page.getByRole("region", { name: "Numbers of today" }).waitFor();
  const again = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN);
  t.diagnostic(`figure first paint of the signed-in page: ${painted.toFixed(0)} ms with an empty cache, ${again.toFixed(0)} ms again; numbers shown after ${shown.toFixed(0)} ms`);
  t.diagnostic(`figure JavaScript of the first page: ${one.gzip} bytes gzip -9 (${one.raw} raw, ${one.count} files, sent as ${one.encodings})`);

  for (const name of ["Live", "Insights", "People", "Dashboards", "Web", "Errors", "Usage", "Ingestion", "Install", "Settings"]) {
    await openPlace(page, name);
    await settled(page);
  }
  const all = await weight();
  t.diagnostic(`figure JavaScript of all pages of the rail: ${all.gzip} bytes gzip -9 (${all.raw} raw, ${all.count} files)`);
  assert.ok(one.count > 0 && all.count > one.count);
  assert.ok(one.gzip <= SCRIPT_BYTES_MAX, `${one.gzip} bytes of JavaScript`);
  assert.deepEqual(world.faults(), []);
});
