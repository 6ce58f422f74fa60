// Errors: found, read, decided on, and back again.
import assert from "node:assert/strict";
import { openPlace, projectUrl, signIn } from "./harness/dashboard.js";
import { faults } from "./harness/exceptions.js";
import { openWorld } from "./harness/world.js";

const MARKUP = `<img src=x onerror="window.__xss=1">`;
/** From an event to its group, with room for a busy machine. */
const SEEN_MS = 30_000;
const world = openWorld();
let page;

const row = (text) => page.getByRole("table", { name: "Errors, most people affected first" }).getByRole("row").filter({ hasText: text });
const title = (name) => page.getByRole("heading", { level: 1, name });

world.test("a project without errors is told how they come", async () => {
  page = await world.open({ permissions: ["clipboard-read", "clipboard-write"] });
  await signIn(page, world.observe.url);
  await openPlace(page, "Errors");
  await page.getByRole("heading", { name: "No error has arrived yet" }).waitFor();
  await page.getByRole("region", { name: "DSN for Sentry clients" }).getByText(/^http:\/\/obs_pub_\w+@127\.0\.0\.1:\d+\/\d+$/).waitFor();
});

world.test("errors are listed by people affected, and found by their words", async () => {
  const trail = { name: "added_to_cart", user_id: "buyer-0", properties: { product: "engine" } };
  const identify = { name: "$identify", user_id: "buyer-0", anonymous_id: "visitor-0", properties: { $set: { name: "Grace Hopper" } } };
  const rare = faults(1, { type: "RangeError", message: MARKUP, stack: `RangeError: ${MARKUP}\n    at list (https://shop.example/src/list.js:3:1)` });
  await world.observe.capture([identify, trail]);
  await world.observe.capture([...faults(5), ...rare]);
  await row("TypeError: cart is undefined").waitFor({ timeout: SEEN_MS });
  await row(MARKUP).waitFor({ timeout: SEEN_MS });
  const people = await page.getByRole("table").locator("tbody tr td:nth-child(4)").allInnerTexts();
  assert.deepEqual(people, ["5", "1"]);
  await page.getByLabel("Search errors").fill("cart is");
  await row(MARKUP).waitFor({ state: "detached" });
  assert.match(page.url(), /q=cart\+is/);
  await page.getByLabel("Search errors").fill("nothing has this");
  await page.getByRole("heading", { name: "No error found" }).waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
});

world.test("one error shows the application's calls, with those of libraries folded", async () => {
  await row("TypeError: cart is undefined").click();
  await title("TypeError: cart is undefined").waitFor();
  await page.getByText("renderCart", { exact: true }).waitFor();
  await page.getByText(/src\/cart\.js:41:17$/).waitFor();
  assert.equal(await page.getByText("invoke", { exact: true }).count(), 0);
  await page.getByRole("button", { name: "1 library frame" }).click();
  await page.getByText("invoke", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Copy stack" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^TypeError: cart is undefined\n {4}at renderCart \(.*cart\.js:41:17\)\n {4}at invoke /);
});

world.test("it says what its events have in common, and whom it hit after what", async () => {
  await page.getByRole("listitem").filter({ hasText: "Safari" }).getByText("60\u202f%").waitFor();
  await page.getByRole("listitem").filter({ hasText: "2.14.0" }).getByText("100\u202f%").waitFor();
  await page.getByRole("button", { name: "What Grace Hopper did before" }).click();
  const trail = page.getByRole("list", { name: "What the person did before, the latest first" });
  await trail.getByRole("button", { name: "added_to_cart" }).click();
  await page.getByRole("dialog", { name: "added_to_cart" }).getByText("engine").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Grace Hopper" }).click();
  await title("Grace Hopper").waitFor();
  await page.goBack();
});

world.test("a resolved error leaves the open ones, and comes back when it happens again", async () => {
  await page.getByRole("button", { name: "Resolve" }).click();
  await page.getByRole("button", { name: "Reopen" }).waitFor();
  await page.getByText("Resolved. It reopens when it happens again.").waitFor();
  await page.getByRole("link", { name: "Errors" }).first().click();
  await row(MARKUP).waitFor();
  await row("TypeError: cart is undefined").waitFor({ state: "hidden" });
  await page.getByRole("tab", { name: "Resolved" }).click();
  await row("TypeError: cart is undefined").waitFor();
  await page.getByRole("tab", { name: "Open" }).click();
  await world.observe.capture(faults(1));
  await row("TypeError: cart is undefined").getByText("Regressed").waitFor({ timeout: SEEN_MS });
});

world.test("a decision that is refused is taken back, and said", async () => {
  await row("TypeError: cart is undefined").click();
  await page.route("**/observe.reports.v1.ErrorService/UpdateErrorGroup", (route) => route.abort());
  await page.getByRole("button", { name: "Ignore" }).click();
  await page.getByText("The status is as it was.").waitFor();
  await page.getByRole("button", { name: "Resolve" }).waitFor();
  await page.unroute("**/observe.reports.v1.ErrorService/UpdateErrorGroup");
});

world.test("markup in errors is text", async () => {
  await page.goto(`${projectUrl(page)}/errors`);
  await row(MARKUP).click();
  await title(MARKUP).waitFor();
  assert.equal(await page.evaluate(() => window.__xss), undefined);
  assert.equal(await page.locator('img[src="x"]').count(), 0);
  assert.deepEqual(world.faults(), []);
});
