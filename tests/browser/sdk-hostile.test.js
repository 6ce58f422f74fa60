// The SDK on pages that are hard to live on: what it can send is stored once, and it never throws into the page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { noteFaults, openContext } from "./harness/browser.js";
import { eventually } from "./harness/eventually.js";
import { Ledger, loaded, visit, waiting } from "./harness/ledger.js";
import { WRITE_KEY } from "./harness/observe.js";
import { startProxy } from "./harness/proxy.js";
import { snippet } from "./harness/snippet.js";
import { openWorld } from "./harness/world.js";

const PACKAGE = readFileSync(new URL("../../sdk/browser/dist/index.js", import.meta.url));
/** A name that leads to this machine, for which the browser knows no `localhost` privileges. */
const PLAIN_HOST = "shop.example";

let proxy;
const browser = { args: [`--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`] };
const world = openWorld({ browser }, async ({ observe, site }) => {
  proxy = await startProxy(observe.url);
  world.stopAtEnd(() => proxy.stop());
  site.more = { "/package.js": { type: "text/javascript", body: PACKAGE } };
});

/** Runs a case with a ledger and a visitor to whose pages something was done before their first script. */
function hostile(name, title, { before, head, headers = () => ({}) }, body) {
  world.test(title, async (t) => {
    world.site.head = head(proxy.url);
    world.site.headers = headers(proxy.url);
    const context = await openContext(world.browser);
    const faults = await noteFaults(context);
    if (before) await context.addInitScript(before);
    const ledger = new Ledger(world.observe, `hostile_${name}`);
    await body({ page: await context.newPage(), context, ledger, faults, t });
    await context.close();
  });
}

const tag = (attributes) => (url) => snippet(url, WRITE_KEY, attributes);
const plain = tag("");

/** What every page must manage: calls from before the script, after it, and an error of its own. */
async function works({ page, ledger, faults }, address = world.site.url) {
  await visit(page, address);
  await ledger.track(page, 12);
  await page.evaluate(() => observe("captureException", new Error("told by hand", { cause: [1, { a: 2 }] })));
  await ledger.track(page, 1);
  await ledger.settled(page);
  assert.deepEqual(faults, []);
}

const PAGES = {
  frozen: [
    "prototypes are frozen",
    () => {
      for (const { prototype } of [Object, Array, Function, Promise, String, Map, Set, Date, RegExp, Error, EventTarget, History, Storage, Navigator, Document]) {
        Object.freeze(prototype);
      }
      for (const thing of [JSON, Math, Reflect]) Object.freeze(thing);
    },
  ],
  old_library: [
    "an old library has changed arrays, objects and JSON",
    () => {
      // As Prototype.js, MooTools and their like do it: enumerable, with other meanings, and seen by JSON.stringify.
      Array.prototype.toJSON = function () {
        return `[${Array.prototype.join.call(this, ", ")}]`;
      };
      String.prototype.toJSON = function () {
        return String(this);
      };
      Array.prototype.each = Array.prototype.forEach;
      Array.prototype.remove = function (item) {
        return this.indexOf(item);
      };
      Object.prototype.extend = function (other) {
        return Object.assign(this, other);
      };
      Array.from = (item) => (Array.isArray(item) ? item : [].slice.call(item));
      Function.prototype.delay = function (ms) {
        return setTimeout(this, ms);
      };
    },
  ],
  own_promise: [
    "Promise is the page's own",
    () => {
      const Native = Promise;
      window.Promise = class {
        constructor(work) {
          const inner = new Native(work);
          this.then = (...args) => inner.then(...args);
          this.catch = (...args) => inner.catch(...args);
        }
      };
    },
  ],
  wrapped_fetch: [
    "fetch is wrapped by something that hands on another promise",
    () => {
      const native = window.fetch;
      window.fetch = (...args) => ({ then: (...them) => native(...args).then(...them) });
    },
  ],
  no_storage: [
    "localStorage throws",
    () => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException("The document is sandboxed", "SecurityError");
          },
        });
      }
    },
  ],
  null_storage: ["localStorage is null", () => Object.defineProperty(window, "localStorage", { value: null })],
  full_storage: [
    "localStorage is full",
    () => {
      for (let size = 1 << 22; size >= 1; size = size >> 1) {
        try {
          for (let n = 0; ; n++) localStorage.setItem(`full.${size}.${n}`, "x".repeat(size));
        } catch {
          // A smaller piece may fit.
        }
      }
    },
  ],
  no_beacon: ["there is no sendBeacon", () => delete Navigator.prototype.sendBeacon],
  no_locks: ["there are no Web Locks", () => delete Navigator.prototype.locks],
};
for (const [name, [title, before]] of Object.entries(PAGES)) {
  hostile(name, `where ${title}`, { head: plain, before }, async (the) => {
    await works(the);
    // The page's own moves are seen, too.
    await the.page.evaluate((path) => history.pushState(null, "", path), `/moved/${name}`);
    await eventually("the page view", () => proxy.events().some((event) => event.name === "$pageview" && event.properties.$pathname === `/moved/${name}`));
    assert.deepEqual(the.faults, []);
  });
}

hostile(
  "mute_fetch",
  "where fetch answers nothing, every event is stored once however often it is sent",
  {
    head: plain,
    before: () => {
      const native = window.fetch;
      window.fetch = (...args) => void native(...args);
    },
  },
  async ({ page, ledger, faults }) => {
    await visit(page, world.site.url);
    await ledger.track(page, 12);
    await ledger.settled();
    assert.deepEqual(faults, []);
  },
);

hostile(
  "broken_fetch",
  "where fetch throws, events leave as the page is left",
  {
    head: plain,
    before: () => {
      window.fetch = () => {
        throw new TypeError("fetch is not for you");
      };
    },
  },
  async ({ page, ledger, faults }) => {
    await visit(page, world.site.url);
    await ledger.track(page, 12);
    await page.goto("about:blank");
    await ledger.settled();
    assert.deepEqual(faults, []);
  },
);

hostile("no_beacon_left", "where there is no sendBeacon, what is recorded at the last moment comes with the next page", { head: plain, before: PAGES.no_beacon[1] }, async ({ page, ledger, faults }) => {
  await visit(page, world.site.url);
  const [n] = ledger.take(1);
  await page.evaluate(([name, n]) => {
    addEventListener("pagehide", () => observe("track", name, { n }));
    location.href = "about:blank";
  }, [ledger.name, n]);
  await page.waitForURL("about:blank");
  await visit(page, world.site.url);
  await ledger.settled(page);
  assert.deepEqual(faults, []);
});

hostile("plain_http", "on plain http, where there is neither randomUUID nor locks", { head: plain }, async (the) => {
  const address = world.site.url.replace("localhost", PLAIN_HOST);
  await works(the, address);
  assert.deepEqual(await the.page.evaluate(() => [isSecureContext, typeof crypto.randomUUID, typeof navigator.locks]), [false, "undefined", "undefined"]);
});

/** A policy as careful sites have it; the inline scripts of this site's pages are not allowed, those of the head are. */
const NONCE = "c2VjcmV0LW9mLXRoZS1kYXk";
const nonced = (attributes) => (url) => snippet(url, WRITE_KEY, attributes).replaceAll("<script", `<script nonce="${NONCE}"`);
const policy = (text) => (url) => ({ "content-security-policy": text.replaceAll("HOST", url) });
const EMPTY = { title: "Empty", body: '<button id="press">Press</button>' };

for (const [name, title, text] of [
  ["csp_host", "a policy that names our host", `default-src 'none'; script-src HOST 'nonce-${NONCE}'; connect-src HOST; img-src data:`],
  [
    "csp_dynamic",
    "a strict policy with a nonce, and Trusted Types",
    `default-src 'none'; script-src 'nonce-${NONCE}' 'strict-dynamic'; connect-src HOST; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'`,
  ],
]) {
  hostile(name, `under ${title}, with the second script`, { head: nonced(' data-autocapture data-web-vitals data-outbound-links'), headers: policy(text) }, async (the) => {
    world.site.more["/empty"] = EMPTY;
    await works(the, `${world.site.url}/empty`);
    await eventually("a click to be recorded by the second script", async () => {
      await the.page.getByRole("button", { name: "Press" }).click();
      return proxy.events().some(({ name, properties }) => name === "$autocapture" && properties.$pathname === "/empty");
    });
    proxy.seen.length = 0;
    assert.deepEqual(the.faults, []);
  });
}

hostile(
  "csp_forbids",
  "under a policy that forbids our host, the page goes on, and the events come from a page that may",
  { head: nonced(""), headers: policy(`default-src 'none'; script-src HOST 'nonce-${NONCE}'; connect-src 'self'; img-src data:`) },
  async ({ page, ledger, faults }) => {
    world.site.more["/empty"] = EMPTY;
    await visit(page, `${world.site.url}/empty`);
    await ledger.track(page, 20);
    await eventually("the policy to refuse", () => faults.length > 0);
    await page.evaluate(() => observe("flush"));
    assert.ok(faults.every((fault) => fault.startsWith("content policy: connect-src")), JSON.stringify(faults));
    assert.ok((await waiting(page)) >= 20);
    world.site.headers = {};
    await visit(page, world.site.url);
    await ledger.settled(page);
  },
);

hostile("twice", "with the snippet pasted twice", { head: (url) => snippet(url, WRITE_KEY) + snippet(url, WRITE_KEY) }, async (the) => {
  const views = () => proxy.events().filter(({ name, properties }) => name === "$pageview" && properties.$pathname === "/twice").length;
  world.site.more["/twice"] = EMPTY;
  await works(the, `${world.site.url}/twice`);
  assert.equal(views(), 1, "the page is viewed once");
});

hostile("both", "with the snippet and the package in one page", { head: plain }, async ({ page, context, ledger, faults }) => {
  await visit(page, world.site.url);
  await page.evaluate(
    async ([key, host]) => {
      const { init } = await import("/package.js");
      window.second = init({ key, host, pageviews: false, exceptions: false });
      if (init({ key, host }) !== window.second) throw new Error("the package began twice");
    },
    [WRITE_KEY, proxy.url],
  );
  for (let round = 0; round < 3; round++) {
    await ledger.track(page, 7);
    await page.evaluate(([name, list]) => list.forEach((n) => second.track(name, { n })), [ledger.name, ledger.take(7)]);
  }
  const stored = await ledger.settled(page);
  assert.equal(new Set(stored.map((event) => event.distinctId)).size, 1, "both see the same visitor");
  await context.newPage();
  assert.deepEqual(faults, []);
});
