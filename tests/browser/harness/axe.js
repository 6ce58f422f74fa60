import axe from "axe-core";

/** Looks at a page with axe, best practices included; answers a line for each violation, with the elements. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map(({ id, impact, help, nodes }) => {
    const where = nodes.slice(0, 3).map(({ target, failureSummary }) => `    ${target.join(" ")}: ${failureSummary.split("\n").slice(1).join(" ").trim()}`);
    return `${id} (${impact}): ${help}, ${nodes.length} times\n${where.join("\n")}`;
  });
}
