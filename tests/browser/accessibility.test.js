// Axe finds nothing on any page: light and dark, desktop and phone, empty and full. A picture of each is kept.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { violations } from "./harness/axe.js";
import { DESKTOP, PHONE } from "./harness/browser.js";
import { funnelSteps, projectUrl, settled, setUp } from "./harness/dashboard.js";
import { eventually } from "./harness/eventually.js";
import { someDays, VISITORS } from "./harness/traffic.js";
import { openWorld, SCREENSHOTS } from "./harness/world.js";

const LONG_MS = 400_000;
/** Taller pages are cut, in pixels. */
const PICTURE_MAX = 2_400;
const LOOKS = [DESKTOP, PHONE].flatMap((size) => ["light", "dark"].map((theme) => ({ size, theme })));
const PAGES = {
  install: "install",
  live: "live",
  "insights-trends": "insights?range=30d",
  "insights-funnel": "insights?tab=funnel&range=30d&step=$pageview&step=signed_up&step=paid",
  people: "people",
  person: "people/~user-1",
  "project-settings": "settings",
  "organization-settings": "/settings/organization",
  "account-settings": "/settings/account",
  "not-found": "nowhere",
};

const world = openWorld({ bootstrapped: false });
let session;
let base;
let writeKey;

/** Opens pages in every look, takes a picture of each, and fails with all that axe found. */
async function inspect(state, pages, storageState, arrange = () => undefined) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const found = [];
  for (const look of LOOKS) {
    const page = await world.open({ ...look, storageState });
    for (const [name, address] of Object.entries(pages)) {
      const title = `${state}-${name}-${look.size.width}-${look.theme}`;
      await page.goto(address);
      await settled(page);
      await arrange(page, name);
      await takePicture(page, look.size, `${SCREENSHOTS}${title}.png`);
      for (const line of await violations(page)) found.push(`${title}: ${line}`);
      const { over, by } = await sidewaysScroll(page);
      if (over > 0) found.push(`${title}: the page is ${over} px wider than the window (${by})`);
    }
    await page.context().close();
  }
  assert.equal(found.length, 0, `\n${found.join("\n")}`);
}

/** Takes a picture of a page in a window as tall as the page, so that what sticks to the window's foot stands at the page's. */
async function takePicture(page, size, path) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: size.width, height: Math.min(Math.max(height, size.height), PICTURE_MAX) });
  await page.screenshot({ path });
  await page.setViewportSize(size);
}

/** How much wider than the window a page is, and which element makes it so. */
function sidewaysScroll(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const over = document.documentElement.scrollWidth - width;
    const wide = over > 0 && [...document.querySelectorAll("body *")].find((element) => element.getBoundingClientRect().right > width + 1);
    return { over, by: wide ? `${wide.tagName} ${wide.className}` : "" };
  });
}

const projectPages = () =>
  Object.fromEntries(Object.entries(PAGES).map(([name, path]) => [name, path.startsWith("/") ? world.observe.url + path : `${base}/${path}`]));

world.test("the setup pages", async () => {
  const link = await world.observe.setupLink();
  await inspect("public", { setup: link, "setup-refused": `${world.observe.url}/setup?token=wrong` });
}, LONG_MS);

world.test("the sign-in page", async () => {
  const owner = await world.open();
  await setUp(owner, await world.observe.setupLink());
  base = projectUrl(owner);
  session = await owner.context().storageState();
  await owner.goto(`${base}/install`);
  const code = await owner.getByRole("region", { name: "HTML snippet" }).innerText();
  writeKey = /obs_pub_\w+/.exec(code)[0];
  await inspect("public", { "sign-in": `${world.observe.url}/sign-in`, "invitation-refused": `${world.observe.url}/invite/none` });
}, LONG_MS);

world.test("every page of an empty project", async () => {
  await inspect("empty", projectPages(), session);
}, LONG_MS);

world.test("every page of a project with a month of traffic", async () => {
  const events = someDays();
  for (let at = 0; at < events.length; at += 500) await world.observe.capture(events.slice(at, at + 500), writeKey);
  const looker = await world.open({ storageState: session });
  await eventually("the traffic to be counted", async () => {
    await looker.goto(projectPages()["insights-funnel"]);
    await settled(looker);
    return (await funnelSteps(looker))[0]?.persons === VISITORS;
  }, 60_000);
  await inspect("full", projectPages(), session);
}, LONG_MS);

world.test("an open event, an open menu and a dialog", async () => {
  const pages = { "live-event": `${base}/live`, "trends-picker": `${base}/insights`, "new-key": `${base}/settings` };
  await inspect("open", pages, session, async (page, name) => {
    if (name === "live-event") {
      await page.getByRole("list", { name: "Events, the latest first" }).getByRole("listitem").first().getByRole("button").click();
      await page.getByRole("dialog").waitFor();
    } else if (name === "trends-picker") {
      await page.getByRole("button", { name: /^Event of series 1/ }).click();
      await page.getByRole("listbox", { name: "Events" }).getByRole("option").first().waitFor();
    } else {
      await page.getByRole("button", { name: "New key" }).click();
      await page.getByRole("dialog").waitFor();
    }
  });
  assert.deepEqual(world.faults(), []);
}, LONG_MS);
