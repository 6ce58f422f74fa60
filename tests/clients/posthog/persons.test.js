// Who people are after PostHog's clients, unchanged, said it: the persons, groups and refusals that are documented.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openContext, startBrowser } from "../../browser/harness/browser.js";
import { eventually } from "../../browser/harness/eventually.js";
import { WRITE_KEY, startObserve } from "../../browser/harness/observe.js";
import { startSite } from "../../browser/harness/site.js";
import { runNode, runPython } from "../harness/run.js";
import { person } from "../harness/wire.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The site of the tests uses observe.js, which is not what is looked at here. */
const NO_OBSERVE = "<script>window.observe = () => undefined;</script>";

let observe;
before(async () => (observe = await startObserve()));
after(() => observe?.stop());

/** Waits until a person has exactly these distinct ids, in any order, and these properties among others. */
function becomes(distinctId, ids, properties = {}) {
  const wanted = [...ids].sort();
  return eventually(`${distinctId} to be ${wanted}`, async () => {
    const found = await person(observe, distinctId);
    const same = JSON.stringify([...found.distinctIds].sort()) === JSON.stringify(wanted);
    const known = Object.entries(properties).every(([key, value]) => found.properties[key] === value);
    return same && known ? found : Promise.reject(new Error(JSON.stringify(found)));
  });
}

/** Waits until a group has exactly these properties. */
function groupBecomes(key, properties) {
  return eventually(`the group ${key}`, async () => {
    const { group } = await observe.call("observe.identity.v1.GroupService/GetGroup", { type: "company", key });
    assert.deepEqual(group.properties, properties);
    return true;
  });
}

async function refusedMerges(personId) {
  return (await observe.call("observe.identity.v1.PersonService/ListRefusedMerges", { personId })).refusedMerges;
}

/** The events of a person, the oldest first. */
async function eventsOf(personId) {
  const { events } = await observe.call("observe.reports.v1.PersonActivityService/ListPersonEvents", { personId, pageSize: 200 });
  return events.reverse();
}

/** Two users, one of whom took in a visitor and an account, and a refused merge of the two: what both servers say. */
async function assertServerPeople(prefix) {
  const name = (id) => `${prefix}-${id}`;
  const ids = ["ada", "visitor", "account-1"].map(name);
  const ada = await becomes(name("ada"), ids, { plan: "pro", source: "spring" });
  assert.equal(ada.identified, true);
  for (const id of ids) assert.equal((await person(observe, id)).id, ada.id, id);
  const ben = await becomes(name("ben"), [name("ben")], { plan: "team" });
  assert.equal(ben.identified, true);
  const [refused] = await eventually("the refusal", async () => {
    const found = await refusedMerges(ben.id);
    return found.length === 1 && found;
  });
  assert.deepEqual(
    [refused.code, refused.cause, refused.sourceDistinctId, refused.targetDistinctId],
    ["already_identified", "CAUSE_ALIAS", name("ben"), name("ada")],
  );
  await groupBecomes(name("acme"), { seats: 4, city: "Rome" });
  const events = await eventsOf(ada.id);
  assert.ok(["looked around", "imported", "paid"].every((one) => events.some((event) => event.name === one)));
  const paid = events.find((event) => event.name === "paid");
  assert.deepEqual(paid.properties.$groups, { company: name("acme") });
}

test("what the Node.js client says of people is what they are", async () => {
  const { stderr } = await runNode(HERE, "people.mjs", observe.url, WRITE_KEY);
  assert.equal(stderr, "", "the client has nothing to complain of");
  await assertServerPeople("node");
});

test("what the Python client says of people is what they are", async () => {
  const { stderr } = await runPython(HERE, "people.py", observe.url, WRITE_KEY);
  assert.equal(stderr, "", "the client has nothing to complain of");
  await assertServerPeople("py");
});

test("two users of one browser are two persons, each with what was done before they signed in", async () => {
  const site = await startSite(NO_OBSERVE);
  const browser = await startBrowser();
  try {
    const page = await (await openContext(browser)).newPage();
    await page.goto(site.url);
    await page.addScriptTag({ path: `${HERE}node_modules/posthog-js/dist/array.js` });
    await page.evaluate(init, [observe.url, WRITE_KEY]);
    const first = await page.evaluate(visitAndSignIn, ["js-ada", "pro"]);
    await page.evaluate(() => window.posthog.reset());
    const second = await page.evaluate(visitAndSignIn, ["js-ben", "team"]);
    // Somebody who does not reset: the client knows that its user has a name, and joins nobody.
    await page.evaluate(() => window.posthog.identify("js-cid", { plan: "free" }));
    await page.evaluate(() => window.posthog.capture("wandered"));
    assert.equal(new Set([first, second, "js-ada", "js-ben"]).size, 4, "after a reset the visitor is another one");

    const ada = await becomes("js-ada", ["js-ada", first, "js-ada at home"], { plan: "pro", source: "spring" });
    const ben = await becomes("js-ben", ["js-ben", second, "js-ben at home"], { plan: "team", source: "spring" });
    assert.deepEqual([ada.identified, ben.identified], [true, true]);
    const cid = await becomes("js-cid", ["js-cid"], { plan: "free" });
    assert.equal(new Set([ada.id, ben.id, cid.id]).size, 3);
    await groupBecomes("js-ada's company", { seats: 3 });
    for (const [who, visitor] of [[ada, first], [ben, second]]) {
      const events = await eventually("all events", async () => {
        const found = await eventsOf(who.id);
        return found.some(({ name }) => name === "paid") && found;
      });
      const looked = events.find(({ name }) => name === "looked around");
      assert.equal(looked.distinctId, visitor, "done before the sign-in, and theirs");
      const paid = events.find(({ name }) => name === "paid");
      assert.deepEqual(paid.properties.$groups, { company: `${paid.distinctId}'s company` });
      assert.deepEqual(await refusedMerges(who.id), []);
    }
    const names = (await eventsOf(ben.id)).filter(({ name }) => name === "looked around");
    assert.equal(names.length, 1, "nothing of the first user is the second one's");
  } finally {
    await browser.close();
    await site.stop();
  }
});

/** Runs in the page: what a site's own code does first. */
function init([host, key]) {
  window.posthog.init(key, {
    api_host: host,
    defaults: "2025-05-24",
    // The browser of this test is driven, which the client takes for a bot.
    opt_out_useragent_filter: true,
  });
}

/** Runs in the page: a visitor looks around, signs in, acts for a company and pays. Answers who the visitor was. */
function visitAndSignIn([user, plan]) {
  const { posthog } = window;
  const visitor = posthog.get_distinct_id();
  posthog.capture("looked around");
  posthog.identify(user, { plan }, { source: "spring" });
  posthog.alias(`${user} at home`);
  posthog.group("company", `${user}'s company`, { seats: 3 });
  posthog.capture("paid");
  return visitor;
}
