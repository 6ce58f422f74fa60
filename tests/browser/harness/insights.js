import { eventually } from "./eventually.js";
import { settled } from "./dashboard.js";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * A week of ten visitors, whose numbers can be counted by hand. Five days ago all open, look at pages, and two of them buy;
 * one of these asks for its money back in between. Some come back on the days after.
 */
export function week(now = Date.now()) {
  const today = now - (now % DAY_MS);
  const at = (daysAgo, minute) => new Date(today - daysAgo * DAY_MS + DAY_MS / 2 + minute * MINUTE_MS).toISOString();
  const event = (name, visitor, daysAgo, minute, properties = {}) => ({ name, anonymous_id: `visitor-${visitor}`, timestamp: at(daysAgo, minute), properties });
  const visitors = (count) => Array.from({ length: count }, (_, visitor) => visitor);
  const page = (path, count, minute) => visitors(count).map((visitor) => event("$pageview", visitor, 5, minute, { $pathname: path }));
  return [
    ...visitors(10).map((visitor) => event("opened", visitor, 5, 0, { plan: visitor < 4 ? "pro" : "free", amount: visitor })),
    ...page("/", 10, 10),
    ...page("/pricing", 6, 11),
    ...page("/buy", 2, 12),
    event("refunded", 0, 5, 13),
    ...visitors(2).map((visitor) => event("bought", visitor, 5, 14, { amount: 20 })),
    ...visitors(5).map((visitor) => event("opened", visitor, 4, 0, { plan: "free" })),
    ...visitors(2).map((visitor) => event("opened", visitor, 3, 0, { plan: "free" })),
    event("opened", 5, 2, 0, { plan: "free" }),
  ];
}

/** The figure of the answer as a table: the rows as lists of texts, the name of the row first. */
export async function answerTable(page) {
  const figure = page.getByRole("figure").first();
  await figure.waitFor();
  const button = figure.getByRole("button", { name: "Show as table" });
  if (await button.isVisible()) await button.click();
  return figure.getByRole("table").first().evaluate((table) => [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent.replace(/,/g, "").trim())));
}

/** Opens a question, as often as it takes until what is read from the page is as expected. */
export async function ask(page, address, what, read, isRight) {
  return eventually(what, async () => {
    await page.goto(address);
    await settled(page);
    const found = await read().catch(() => undefined);
    return found !== undefined && isRight(found) && found;
  }, 60_000);
}

/** The panel with who is behind a number. */
export function behindPanel(page) {
  return page.getByRole("dialog").filter({ has: page.getByRole("button", { name: "Close (Esc)" }) });
}

/** The names of the persons in the panel, once it has so many. */
export async function personsBehind(page, total) {
  const panel = behindPanel(page);
  await panel.getByText(total === 1 ? "1 person" : `${total} persons`, { exact: true }).waitFor();
  return (await panel.getByRole("listitem").getByRole("link").allInnerTexts()).map((text) => text.split("\n").find((line) => line.includes("visitor")) ?? text).sort();
}
