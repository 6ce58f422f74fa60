// What pages throw: caught by the SDK on a page of another site, grouped by the server.
import assert from "node:assert/strict";
import { eventually } from "./harness/eventually.js";
import { WRITE_KEY } from "./harness/observe.js";
import { snippet } from "./harness/snippet.js";
import { openWorld } from "./harness/world.js";

const world = openWorld({}, ({ observe, site }) => {
  site.head = snippet(observe.url, WRITE_KEY);
});

/** Waits until the groups are as they should be, and answers them by type. */
async function groups(what, isSo) {
  const found = await eventually(what, async () => {
    const { errorGroups } = await world.observe.call("observe.reports.v1.ErrorService/ListErrorGroups");
    if (isSo(errorGroups)) return errorGroups;
    throw new Error(`there is ${JSON.stringify(errorGroups.map(({ title, eventCount }) => [title, eventCount]))}`);
  });
  return Object.fromEntries(found.map((group) => [group.type, group]));
}

/** A visitor on the page that breaks, with the SDK at work. Its faults are meant. */
async function visit() {
  const page = await (await world.browser.newContext()).newPage();
  await page.goto(`${world.site.url}/broken`);
  await page.waitForFunction(() => typeof window.observe.captureException === "function");
  return page;
}

world.test("errors and rejections of three visitors are three groups with three persons each", async () => {
  let found;
  for (const visitors of [1, 2, 3]) {
    const page = await visit();
    await page.getByRole("button", { name: "Throw" }).click();
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByRole("button", { name: "Catch" }).click();
    // Closing a context takes its storage and its requests with it, so what it recorded has to be there before.
    found = await groups(
      `three groups with ${visitors} errors each`,
      (all) => all.length === 3 && all.every((group) => group.eventCount === String(visitors)),
    );
    await page.context().close();
  }
  assert.deepEqual(Object.keys(found).sort(), ["Error", "RangeError", "TypeError"]);
  for (const group of Object.values(found)) assert.equal(group.peopleAffected, "3");
  assert.match(found.TypeError.title, /^TypeError: Cannot read properties of null/);
  assert.match(found.TypeError.culprit, /^payNow in /);
  assert.deepEqual([found.TypeError.handled, found.RangeError.handled, found.Error.handled], [false, false, true]);

  const { exceptions, facets } = await world.observe.call("observe.reports.v1.ErrorService/GetErrorGroup", {
    errorGroupId: found.TypeError.id,
  });
  const [frame] = exceptions[0].frames;
  assert.equal(frame.function, "payNow");
  assert.ok(frame.line > 0 && frame.column > 0);
  assert.deepEqual(facets.find(({ property }) => property === "$pathname").values, [{ value: "/broken", eventCount: "3" }]);
  const browsers = facets.find(({ property }) => property === "$browser").values;
  assert.match(browsers[0].value, /Chrom/, "told by the edge");
  assert.equal(facets.find(({ property }) => property === "$os").values[0].value, "Linux");
});

world.test("an error with a cause is told with it, and hostile words are words", async () => {
  const page = await visit();
  await page.evaluate(() => {
    observe("captureException", new Error("card refused", { cause: new TypeError("<img src=x onerror=alert(1)>") }), { plan: "pro" });
    observe("flush");
  });
  const found = await groups("the fourth group", (all) => all.some((group) => group.title === "Error: card refused"));
  const group = Object.values(found).find(({ title }) => title === "Error: card refused");
  const { exceptions } = await world.observe.call("observe.reports.v1.ErrorService/GetErrorGroup", { errorGroupId: group.id });
  assert.deepEqual(
    exceptions.map(({ type, value }) => [type, value]),
    [["TypeError", "<img src=x onerror=alert(1)>"], ["Error", "card refused"]],
  );
  await page.context().close();
});

world.test("a page that throws without end is bounded", async () => {
  const page = await visit();
  await page.evaluate(
    () =>
      new Promise((done) => {
        let left = 500;
        const again = () => {
          if (left-- === 0) return done();
          setTimeout(again);
          throw new RangeError(`round ${left}`);
        };
        setTimeout(again);
      }),
  );
  await page.evaluate(() => {
    observe("track", "after_the_storm");
    observe("flush");
  });
  const events = await eventually("the event after the storm", async () => {
    const filter = { names: ["after_the_storm"] };
    const { events } = await world.observe.call("observe.events.v1.EventService/ListEvents", { filter });
    return events.length === 1 && events;
  });
  assert.equal(events[0].properties.$dropped_events, 480);
  await page.context().close();
});
