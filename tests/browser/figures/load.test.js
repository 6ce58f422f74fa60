// The live page while much arrives.
import assert from "node:assert/strict";
import { setInterval as every } from "node:timers/promises";
import { openPlace, signIn } from "../harness/dashboard.js";
import { eventually } from "../harness/eventually.js";
import { openWorld } from "../harness/world.js";

const RATE = 500;
const SECONDS = 5;
/** Requests a second; each has as many events as make the rate. */
const BEAT = 10;
const TASK_MAX_MS = 1_000;

const world = openWorld();

/** Notes tasks that block the page and the longest time between two frames, from now on. */
function watchPage() {
  window.load = { longest: 0, tasks: 0, gap: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      window.load.tasks += 1;
      window.load.longest = Math.max(window.load.longest, duration);
    }
  }).observe({ type: "longtask" });
  let last = performance.now();
  const frame = (now) => {
    window.load.gap = Math.max(window.load.gap, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

async function send() {
  const each = RATE / BEAT;
  const under = [];
  let beat = 0;
  for await (const _ of every(1_000 / BEAT)) {
    const number = beat;
    const events = Array.from({ length: each }, (_, index) => ({
      name: ["viewed", "chosen", "bought"][index % 3],
      anonymous_id: `visitor-${index}`,
      properties: { beat: number, index, $pathname: `/goods/${index}` },
    }));
    under.push(world.observe.capture(events));
    beat += 1;
    if (beat === BEAT * SECONDS) break;
  }
  await Promise.all(under);
}

world.test(`${RATE} events a second for ${SECONDS} seconds do not freeze the live page`, async (t) => {
  const page = await world.open();
  await signIn(page, world.observe.url);
  await openPlace(page, "Live");
  await page.getByText("● Live").waitFor();
  await page.evaluate(watchPage);
  const began = performance.now();
  await send();
  const sent = performance.now() - began;
  // A click while all that comes in, and the list stands still.
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText(/Paused/).waitFor();
  await page.getByRole("button", { name: /^(Go on|Show .* new)$/ }).click();
  await eventually("the last event to be shown", async () => {
    const first = await page.getByRole("list", { name: "Events, the latest first" }).getByRole("listitem").first().innerText();
    return first.includes(`beat: ${BEAT * SECONDS - 1}`);
  }, 30_000);
  const shown = performance.now() - began - sent;
  const { longest, tasks, gap } = await page.evaluate(() => window.load);
  const dropped = await page.getByText(/not shown$/).allInnerTexts();
  t.diagnostic(
    `figure live page at ${RATE} events/s for ${(sent / 1_000).toFixed(1)} s: longest task ${longest.toFixed(0)} ms, ${tasks} tasks above 50 ms, ` +
      `longest time between frames ${gap.toFixed(0)} ms, last event shown ${shown.toFixed(0)} ms after sending ended, ${dropped[0] ?? "0 not shown"}`,
  );
  assert.ok(longest < TASK_MAX_MS, `a task took ${longest} ms`);
  assert.ok(gap < TASK_MAX_MS, `no frame for ${gap} ms`);
  await world.observe.stored(RATE * SECONDS);
  assert.deepEqual(world.faults(), []);
});
