import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const DESKTOP = { width: 1440, height: 900 };
/** The narrowest window with a rail and its words. */
export const LAPTOP = { width: 1024, height: 768 };
export const PHONE = { width: 390, height: 844 };

/** Starts Chromium with a user data folder of its own, with more arguments and without some. Close it in an `after` hook. */
export async function startBrowser({ args = [], ignoreDefaultArgs = [] } = {}) {
  const home = mkdtempSync(join(tmpdir(), "observe-chromium-"));
  // Whatever Chromium keeps goes into a folder that is thrown away; Playwright gives each start an empty profile.
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: [...ARGS, ...args],
    ignoreDefaultArgs,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
  });
  browser.once("disconnected", () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  return browser;
}

/** Opens a context of its own, as another person with another device would have. */
export async function openContext(browser, { size = DESKTOP, theme = "light", ...options } = {}) {
  const isPhone = size.width < 600;
  const context = await browser.newContext({
    viewport: size,
    colorScheme: theme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
    hasTouch: isPhone,
    ...options,
  });
  context.setDefaultTimeout(15_000);
  return context;
}

/** Notes what pages of a context should never do: throw, ask with dialogs, be refused something by the content policy. */
export async function noteFaults(context) {
  const faults = [];
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  context.on("weberror", (error) => faults.push(`error: ${error.error().stack}`));
  context.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on("console", (message) => {
    if (message.type() === "error" && message.text().startsWith("content policy")) faults.push(message.text());
  });
  return faults;
}
