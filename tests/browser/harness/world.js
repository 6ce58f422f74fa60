import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { noteFaults, openContext, startBrowser } from "./browser.js";
import { startObserve } from "./observe.js";
import { SCREENSHOTS } from "./pictures.js";
import { startSite } from "./site.js";

const TEST_MS = 120_000;

/**
 * What a file of tests runs in: one Observe, one browser, one site; all are stopped at its end. `options` are those of
 * `startObserve`, and `browser` those of `startBrowser`; `prepare` adds what one file alone needs.
 */
export function openWorld(options, prepare = () => undefined) {
  const world = new World();
  before(async () => {
    await world.start(options);
    await prepare(world);
  });
  after(() => world.stop());
  return world;
}

class World {
  #started = [];
  #faults = [];

  async start(options) {
    const { browser, ...server } = options ?? {};
    this.observe = await startObserve(server);
    this.stopAtEnd(() => this.observe.stop());
    this.site = await startSite();
    this.stopAtEnd(() => this.site.stop());
    this.browser = await startBrowser(browser);
    this.stopAtEnd(() => this.browser.close());
  }

  /** Stops something at the end, before what was started before it. */
  stopAtEnd(stop) {
    this.#started.push(stop);
  }

  async stop() {
    for (const stop of this.#started.reverse()) await stop();
  }

  /** Opens a page of another person, with cookies and a storage of their own. */
  async open(how) {
    const context = await openContext(this.browser, how);
    this.#faults.push(await noteFaults(context));
    return context.newPage();
  }

  /** What pages did that none should ever do: throw, open dialogs, be refused something by the content policy. */
  faults() {
    return this.#faults.flat();
  }

  /** A test that keeps a picture of every open page when it fails. The tests of a file go on where the one before ended. */
  test(name, body, timeout = TEST_MS) {
    test(name, { timeout }, async (t) => {
      try {
        await body(t);
      } catch (error) {
        for (const picture of await this.#pictures(name)) t.diagnostic(picture);
        throw error;
      }
    });
  }

  async #pictures(name) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const pages = this.browser.contexts().flatMap((context) => context.pages());
    return Promise.all(
      pages.map(async (page, index) => {
        const path = `${SCREENSHOTS}failed-${name.replace(/\W+/g, "-").slice(0, 60)}-${index}.png`;
        await page.screenshot({ path, timeout: 5_000 }).catch(() => undefined);
        return `${page.url()}: ${path}`;
      }),
    );
  }
}
