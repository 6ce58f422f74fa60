import { OWNER } from "./observe.js";
import { eventually } from "./eventually.js";

/** Signs in by the form, and waits for the first page. */
export async function signIn(page, url, { email, password } = OWNER) {
  await page.goto(`${url}/sign-in`);
  await fillSignIn(page, email, password);
  await page.waitForURL(/\/p\/[^/]+\//);
}

export async function fillSignIn(page, email, password) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Makes the first account by the setup link, and waits for the first page. */
export async function setUp(page, link, { name = "Ada Byron", email, password } = OWNER) {
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(/\/p\/[^/]+\//);
}

/** Makes an account of a role with a link that the owner makes, on a page of another person. */
export async function joinAs(role, owner, page, { name, email, password = "a difference engine" }) {
  await owner.goto(`${new URL(owner.url()).origin}/settings/organization`);
  await owner.getByRole("button", { name: "Invite" }).click();
  await owner.getByLabel("Role", { exact: true }).selectOption({ label: role });
  await owner.getByRole("button", { name: "Create link" }).click();
  await page.goto(await owner.getByRole("dialog").getByText(/\/invite\//).innerText());
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account and join" }).click();
  await page.waitForURL(/\/p\/[^/]+\//);
}

/** The address of the project that the page shows: `http://.../p/<id>`. */
export function projectUrl(page) {
  return /^.*?\/p\/[^/]+/.exec(page.url())[0];
}

/** Opens a page of the project by the rail. */
export async function openPlace(page, name) {
  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Waits until a page has all it will show: a title, and nothing that still loads. */
export async function settled(page) {
  await page.locator("h1").first().waitFor();
  await eventually(`${page.url()} to have loaded`, () =>
    page.evaluate(() => {
      const loading = document.querySelector('main [aria-busy="true"], [role="status"][aria-label^="Loading"]');
      return !loading && document.fonts.status === "loaded";
    }),
  );
}

/** Chooses an event in an event picker that is opened by its button. */
export async function pickEvent(page, button, name) {
  await page.getByRole("button", { name: button, exact: true }).click();
  await page.getByPlaceholder("Search events").fill(name);
  const options = page.getByRole("listbox", { name: "Events" }).getByRole("option");
  const known = options.filter({ has: page.getByTitle(name, { exact: true }) });
  const free = options.filter({ hasText: `Use “${name}”` });
  await known.or(free).first().click();
}

/** Chooses the steps of a funnel, one after the other, on the insights page. */
export async function chooseFunnel(page, names) {
  await page.getByRole("tab", { name: "Funnel" }).click();
  for (const [index, name] of names.entries()) {
    await pickEvent(page, ["Choose the first step", "Choose the next step"][index] ?? "Add step", name);
  }
}

/** What a funnel's chart says of each step: the name and the number of persons. */
export async function funnelSteps(page) {
  const steps = await page.getByRole("figure", { name: "Funnel" }).getByRole("listitem").all();
  return Promise.all(
    steps.map(async (step) => {
      const text = (await step.innerText()).replace(/\s+/g, " ");
      return { name: text.split(" ")[1], persons: Number(/([\d,]+) persons?/.exec(text)?.[1].replace(/,/g, "")), text };
    }),
  );
}
