import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { violations } from "./axe.js";
import { settled } from "./dashboard.js";

/** Where pictures go; ignored by git. */
export const SCREENSHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));
/** Taller pages are cut, in pixels. */
const PICTURE_MAX = 2_400;

/**
 * Opens pages in windows of some sizes, each in some themes, takes a picture of each, and fails with all that axe found and with
 * every page that is wider than its window. `looks` are `{size, themes}`; `pages` are addresses by name; `arrange` gets a page
 * ready, given its name. The theme changes under the open page, as when evening comes.
 */
export async function inspect(world, state, { pages, looks, storageState, arrange = () => undefined }) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const found = [];
  for (const { size, themes } of looks) {
    const page = await world.open({ size, theme: themes[0], storageState });
    for (const [name, address] of Object.entries(pages)) {
      await page.emulateMedia({ colorScheme: themes[0] });
      await page.goto(address);
      await settled(page);
      await arrange(page, name);
      for (const [index, theme] of themes.entries()) {
        const title = `${state}-${name}-${size.width}-${theme}`;
        await page.emulateMedia({ colorScheme: theme });
        await takePicture(page, size, `${SCREENSHOTS}${title}.png`);
        for (const line of await violations(page, { contrastOnly: index > 0 })) found.push(`${title}: ${line}`);
      }
      const { over, by } = await sidewaysScroll(page);
      if (over > 0) found.push(`${state}-${name}: the page is ${over} px wider than the window of ${size.width} px (${by})`);
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
