// From an empty installation to a funnel: the way of a first user.
import assert from "node:assert/strict";
import { chooseFunnel, funnelSteps, openPlace, projectUrl, setUp, settled } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { openWorld } from "./harness/world.js";

const world = openWorld({ bootstrapped: false });
let owner;
let visitor;

world.test("the printed link makes the first account and leads to the overview with the snippet", async () => {
  owner = await world.open({ permissions: ["clipboard-read", "clipboard-write"] });
  await setUp(owner, await world.observe.setupLink());
  await owner.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await owner.getByRole("heading", { name: "Waiting for the first event" }).waitFor();
});

world.test("the copied snippet on a real site brings the first event to the overview", async (t) => {
  await owner.getByRole("button", { name: "Copy", exact: true }).click();
  world.site.head = await owner.evaluate(() => navigator.clipboard.readText());
  assert.match(world.site.head, new RegExp(`src="${world.observe.url}/observe.js" data-key="obs_pub_`));
  assert.equal(world.site.head.trim().split("\n").length, 2, "the snippet has two lines");

  visitor = await world.open();
  await visitor.goto(world.site.url);
  await owner.getByRole("heading", { name: "The first event is here" }).waitFor();
  await owner.getByRole("status").filter({ hasText: "The first event is here" }).getByText("$pageview", { exact: true }).waitFor();
  const seconds = (performance.now() - world.observe.startedAt) / 1_000;
  t.diagnostic(`figure from starting the built program to the first own event on the screen, nobody pausing to read: ${seconds.toFixed(1)} s`);
});

world.test("the dashboard shows live what the visitor does", async () => {
  await owner.getByRole("link", { name: "Watch events live" }).click();
  await owner.getByRole("heading", { level: 1, name: "Live" }).waitFor();
  await owner.getByText("● Live").waitFor();
  const rows = owner.getByRole("list", { name: "Events, the latest first" });

  await visitor.getByRole("button", { name: "Read more" }).click();
  await rows.getByRole("button", { name: "read_more_clicked" }).waitFor();
  await visitor.getByRole("link", { name: "Sign up" }).click();
  await visitor.getByLabel("Name").fill("Grace Hopper");
  await visitor.getByLabel("E-mail").fill("grace@example.com");
  await visitor.getByRole("button", { name: "Sign up" }).click();
  await visitor.getByText("Welcome, Grace Hopper").waitFor();
  await rows.getByRole("button", { name: "signed_up" }).waitFor();
  await rows.getByRole("button", { name: "$identify" }).waitFor();
  const names = await rows.getByRole("listitem").getByRole("button").allInnerTexts();
  assert.deepEqual(names.toSorted(), ["$identify", "$pageview", "$pageview", "read_more_clicked", "signed_up"], "each event once");
});

world.test("an event opens with its properties", async () => {
  await owner.getByRole("button", { name: "read_more_clicked" }).click();
  const drawer = owner.getByRole("dialog", { name: "read_more_clicked" });
  await drawer.getByText("section", { exact: true }).waitFor();
  await drawer.getByText("engines", { exact: true }).waitFor();
  await owner.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
});

world.test("a stranger who only looks is another person in the funnel", async () => {
  const stranger = await world.open();
  await stranger.goto(world.site.url);
  await owner.getByRole("list", { name: "Events, the latest first" }).getByRole("button", { name: "$pageview" }).nth(2).waitFor();

  await openPlace(owner, "Insights");
  await chooseFunnel(owner, ["$pageview", "read_more_clicked", "signed_up"]);
  const steps = await eventually("the funnel to count all", async () => {
    const found = await funnelSteps(owner);
    if (found.length === 3 && found[0].persons === 2 && found[2].persons === 1) return found;
    await owner.reload();
    await settled(owner);
    return false;
  }, 60_000);
  // Before the sign-up the person was an anonymous id, and after it a user id: still one.
  assert.deepEqual(steps.map(({ persons }) => persons), [2, 1, 1]);
});

world.test("the visitor is one person with both ids, a name and the whole story", async () => {
  await openPlace(owner, "People");
  const row = owner.getByRole("row").filter({ hasText: "Grace Hopper" });
  await row.waitFor();
  assert.equal(await owner.getByRole("row").count(), 2, "a header and one person");
  await row.click();
  await owner.getByRole("heading", { level: 1, name: "Grace Hopper" }).waitFor();
  await owner.getByText("Identified").waitFor();
  await owner.getByText("2 distinct ids").waitFor();
  await owner.getByText("user-grace", { exact: true }).waitFor();
  const story = owner.getByRole("region", { name: /^(Today|Yesterday)$/ }).getByRole("button");
  await story.filter({ hasText: "signed_up" }).waitFor();
  const names = await story.allInnerTexts();
  assert.deepEqual(names.toSorted(), ["$identify", "$pageview", "$pageview", "read_more_clicked", "signed_up"]);
});

world.test("coming back finds the overview, without the snippet", async () => {
  await owner.goto(world.observe.url);
  await owner.getByRole("heading", { level: 1, name: "Overview: Nothing is broken" }).waitFor();
  assert.equal(await owner.getByRole("heading", { name: "Send the first event" }).count(), 0);
  assert.match(owner.url(), new RegExp(`^${projectUrl(owner)}/overview$`));
  assert.deepEqual(world.faults(), []);
});
