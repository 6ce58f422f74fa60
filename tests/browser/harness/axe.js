import axe from "axe-core";

/** The one rule whose result depends on the theme. */
const CONTRAST = { type: "rule", values: ["color-contrast"] };

/**
 * Looks at a page with axe, best practices included; answers a line for each violation, with the elements. A page that was
 * looked at in another theme needs its `contrastOnly`.
 */
export async function violations(page, { contrastOnly = false } = {}) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const options = { resultTypes: ["violations"], ...(contrastOnly ? { runOnly: CONTRAST } : {}) };
  const found = await page.evaluate((asked) => globalThis.axe.run(document, asked), options);
  return found.violations.map(({ id, impact, help, nodes }) => {
    const where = nodes.slice(0, 3).map(({ target, failureSummary }) => `    ${target.join(" ")}: ${failureSummary.split("\n").slice(1).join(" ").trim()}`);
    return `${id} (${impact}): ${help}, ${nodes.length} times\n${where.join("\n")}`;
  });
}
