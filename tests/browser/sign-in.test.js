// Who may come in, and what the others are told.
import assert from "node:assert/strict";
import { fillSignIn, setUp, signIn } from "./harness/dashboard.js";
import { OWNER } from "./harness/observe.js";
import { openWorld } from "./harness/world.js";

const world = openWorld({ bootstrapped: false });
let link;

world.test("a link with a wrong token makes no account and says where the right one is", async () => {
  link = await world.observe.setupLink();
  const page = await world.open();
  await page.goto(`${world.observe.url}/setup?token=wrong`);
  await page.getByRole("heading", { name: "Open the setup link" }).waitFor();
  assert.equal(await page.getByLabel("Password", { exact: true }).count(), 0);
});

world.test("a short password is refused before anything is made", async () => {
  const page = await world.open();
  await page.goto(link);
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create account" }).click();
  assert.equal(await page.getByLabel("Password", { exact: true }).evaluate((field) => field.validity.tooShort), true);
});

world.test("a used setup link leads to the sign-in page", async () => {
  await setUp(await world.open(), link);
  const late = await world.open();
  await late.goto(link);
  await late.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal(new URL(late.url()).pathname, "/sign-in");
});

world.test("a page without a session leads to sign-in and back to where one wanted to go", async () => {
  const page = await world.open();
  await page.goto(`${world.observe.url}/settings/account`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await fillSignIn(page, OWNER.email, OWNER.password);
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/settings/account");
});

world.test("a wrong password and an unknown address get the same answer", async () => {
  const page = await world.open();
  await page.goto(`${world.observe.url}/sign-in`);
  for (const [email, password] of [[OWNER.email, "not the password"], ["nobody@example.com", OWNER.password]]) {
    await fillSignIn(page, email, password);
    await page.getByRole("alert").getByText("The e-mail or the password is wrong.").waitFor();
    await page.reload();
  }
});

world.test("after ten failures an address is closed for a while, and the page says how long", async () => {
  const email = "throttled@example.com";
  const attempt = () =>
    fetch(`${world.observe.url}/observe.identity.v1.AccountService/SignIn`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password: "not the password" }),
    });
  for (let failures = 0; failures < 10; failures += 1) assert.equal((await attempt()).status, 401);
  assert.equal((await attempt()).status, 429);
  const page = await world.open();
  await page.goto(`${world.observe.url}/sign-in`);
  await fillSignIn(page, email, OWNER.password);
  await page.getByRole("alert").getByText(/^Too many tries\. Try again in 1[45] min\.$/).waitFor();
  assert.equal(await page.getByLabel("E-mail").inputValue(), email, "what was typed stays");
  // Others are not held up.
  await signIn(await world.open(), world.observe.url);
});

world.test("the session cookie is out of reach for scripts, and signing out ends it", async () => {
  const page = await world.open();
  await signIn(page, world.observe.url);
  const [cookie, ...others] = await page.context().cookies();
  assert.deepEqual(others, []);
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, "Lax");
  assert.equal(await page.evaluate(() => document.cookie), "");

  await page.goto(`${world.observe.url}/settings/account`);
  await page.getByRole("row").filter({ hasText: "This one" }).getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  // The token itself is dead, not only gone from this browser.
  await page.context().addCookies([cookie]);
  await page.goto(`${world.observe.url}/settings/account`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(world.faults(), []);
});
