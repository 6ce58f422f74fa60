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
/** The most of the page's thread that the events may take, in time of the processor: the rest is for the person. */
const SHARE_MAX = 0.5;
/** Without a frame for so long, a page is frozen, on however busy a machine. */
const FROZEN_MS = 5_000;

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

/** Answers the processor's time that the page's thread has taken, in seconds: the same whatever else the machine does. */
async function meterOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value;
  };
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
  const meter = await meterOf(page);
  const before = await meter();
  const began = performance.now();
  await send();
  const sent = performance.now() - began;
  const share = ((await meter()) - before) / (sent / 1_000);
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
    `figure live page at ${RATE} events/s for ${(sent / 1_000).toFixed(1)} s: ${(share * 100).toFixed(0)} % of its thread, longest task ${longest.toFixed(0)} ms, ${tasks} tasks above 50 ms, ` +
      `longest time between frames ${gap.toFixed(0)} ms, last event shown ${shown.toFixed(0)} ms after sending ended, ${dropped[0] ?? "0 not shown"}`,
  );
  assert.ok(share > 0 && share < SHARE_MAX, `the page took ${(share * 100).toFixed(0)} % of its thread`);
  assert.ok(gap < FROZEN_MS, `no frame for ${gap} ms`);
  await world.observe.stored(RATE * SECONDS);
  assert.deepEqual(world.faults(), []);
});
