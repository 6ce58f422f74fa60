import assert from "node:assert/strict";
import { eventually } from "./eventually.js";

/** Waits of a page that was refused several times add up. */
const SETTLED_MS = 90_000;

/**
 * What a page called `track` for, compared with what is stored: a name of its own for each ledger, a running number for
 * each call.
 */
export class Ledger {
  #called = [];

  constructor(observe, name) {
    this.observe = observe;
    this.name = name;
  }

  /** Calls `track` so many times in one go. */
  async track(page, count = 1) {
    const numbers = this.take(count);
    await page.evaluate(([name, list]) => list.forEach((n) => observe("track", name, { n })), [this.name, numbers]);
    return numbers;
  }

  /** Numbers for calls that the page makes by itself. */
  take(count) {
    const numbers = Array.from({ length: count }, (_, n) => this.#called.length + n);
    this.#called.push(...numbers);
    return numbers;
  }

  /** The events that are stored under the name, oldest first. */
  async stored() {
    const filter = { names: [this.name] };
    const { events = [] } = await this.observe.call("observe.events.v1.EventService/ListEvents", { filter, pageSize: 1000 });
    return events.reverse();
  }

  /** Waits until every call is stored once, and the pages have nothing left that they could send again. */
  async settled(...pages) {
    const said = await eventually(`${this.name}: ${this.#called.length} events to be stored`, () => this.#compare(), SETTLED_MS);
    for (const page of pages) {
      await eventually("nothing to be waiting in the page", async () => (await waiting(page)) === 0, SETTLED_MS);
    }
    await eventually("nothing to be on its way", async () => {
      const { pending } = await this.observe.call("observe.events.v1.PipelineService/GetPipelineStatus");
      return Number(pending ?? 0) === 0;
    });
    assert.ok(await this.#compare());
    return said;
  }

  async #compare() {
    const stored = await this.stored();
    const numbers = stored.map(({ properties }) => properties.n).sort((a, b) => a - b);
    assert.deepEqual(numbers, this.#called, "what is stored is what was called for");
    return stored;
  }
}

/** How many events wait in the storage of a page's site. */
export function waiting(page) {
  return page.evaluate(() => {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith("observe.q.")).length;
    } catch {
      return 0;
    }
  });
}

/** Opens a page of a site and waits until the SDK is there. */
export async function visit(page, address) {
  await page.goto(address);
  await loaded(page);
  return page;
}

/** Waits until the SDK is there. */
export function loaded(page) {
  return page.waitForFunction(() => typeof window.observe?.track === "function");
}
