import { openExceptions, watchExceptions } from './exceptions.js';
import { forgetIdentity, readIdentity, writeIdentity, type Identity } from './identity.js';
import { EVENT_BYTES } from './limits.js';
import { pageProperties, watchPages, type Properties } from './page.js';
import { asksForPrivacy, maskUrl } from './privacy.js';
import { byteLength, openQueue } from './queue.js';
import { openSender, type Say } from './sender.js';
import { endSession, touchSession } from './session.js';
import { openStore, readJson } from './store.js';
import { uuidv7 } from './uuid.js';

const REGISTERED = 'observe.properties';
const OPTED_OUT = 'observe.optout';

/** How the SDK is set up. */
export interface Options {
  /** The project's write key, `obs_pub_...`. */
  key: string;
  /** Where Observe is, such as `https://observe.example.com`; may have a path. */
  host: string;
  /** Record page views by itself; true by default. */
  pageviews?: boolean;
  /** Record errors that nobody caught by itself; true by default. */
  exceptions?: boolean;
  /** Do nothing for browsers that send Do Not Track or Global Privacy Control. */
  respectDnt?: boolean;
  /**
   * Store nothing on the visitor's device: no localStorage, no cookies. Who it is lives as long as the page, so each page
   * load is a visitor of its own. Only an opt-out is kept, since it would be forgotten otherwise.
   */
  cookieless?: boolean;
  /** Say in the console what is sent and what is refused. */
  debug?: boolean;
}

/** What the script tag can turn on besides; with a bundler, the functions of the same names. All are off by default. */
export interface Extras {
  /** Record clicks on links and buttons, submitted forms, and rage clicks. */
  autocapture?: boolean;
  /** Record clicks on links to other hosts. */
  outboundLinks?: boolean;
  /** Record how fast the page was. */
  webVitals?: boolean;
}

/** What a page can do. No call throws, and none waits for the network. */
export interface Client {
  /** Records an event. */
  track(name: string, properties?: Properties): void;
  /** Records a page view, for sites that turn the automatic ones off. */
  page(properties?: Properties): void;
  /** Records an error that the page caught itself. */
  captureException(error: unknown, properties?: Properties): void;
  /** Says who the visitor is. What the visitor did before belongs to that user from now on. */
  identify(userId: string | number, properties?: Properties): void;
  /** Sets properties of the person. */
  set(properties: Properties): void;
  /** Adds another id of the same user. */
  alias(id: string | number): void;
  /** Adds properties to all later events, on all pages; null removes one. */
  register(properties: Properties): void;
  /** Forgets the user, the registered properties and the session: call it at sign-out. */
  reset(): void;
  /** Records nothing from now on, also on later visits, and forgets what was not sent yet. */
  optOut(): void;
  /** Takes that back. */
  optIn(): void;
  /** Whether the visitor opted out. */
  hasOptedOut(): boolean;
  /** Sends what waits. */
  flush(): void;
  /** Who is here, for requests to your own server. */
  ids(): (Identity & { sessionId: string }) | undefined;
}

/** Starts the SDK on this page. */
export function createClient({ key, host, pageviews = true, exceptions = true, respectDnt, cookieless, debug }: Options): Client {
  const say: Say = debug ? (level, ...words) => console[level]('[observe]', ...words) : undefined;
  const kept = openStore();
  const store = cookieless ? openStore(true) : kept;
  let lost = 0;
  const queue = openQueue(store, key, () => lost++);
  const sender = openSender(queue, host.replace(/\/+$/, ''), key, say);
  let referrer = maskUrl(document.referrer);
  // A page view that is about to be recorded. It comes after calls made right after the start, so that what they register
  // is in it, and before the first event, so that the order is what the visitor did.
  let pending: (() => void) | undefined;

  const hasOptedOut = (): boolean => kept.get(OPTED_OUT) !== null;
  const silent = (): boolean => hasOptedOut() || (!!respectDnt && asksForPrivacy());

  const settlePending = (): void => {
    const view = pending;
    pending = undefined;
    view?.();
  };

  const record = (name: string, properties?: Properties, identity?: Identity): void => {
    if (silent()) return;
    const now = Date.now();
    const { anonymousId, userId } = identity ?? readIdentity(store, now);
    const uuid = uuidv7(now);
    const json = JSON.stringify({
      uuid,
      name: String(name),
      anonymous_id: anonymousId,
      user_id: userId,
      session_id: touchSession(store, now),
      timestamp: new Date(now).toISOString(),
      properties: {
        ...pageProperties(referrer),
        ...(lost && { $dropped_events: lost }),
        ...(cookieless && { $cookieless: true }),
        ...readJson<Properties>(store, REGISTERED),
        ...properties,
      },
    });
    if (byteLength(json) > EVENT_BYTES) return say?.('warn', `${name} was not recorded: above ${EVENT_BYTES} bytes`);
    lost = 0;
    queue.add(uuid, json);
    sender.wake();
  };

  const forget = (): void => {
    forgetIdentity(store);
    endSession(store);
    store.remove(REGISTERED);
  };

  const capture = openExceptions(
    (properties) => {
      settlePending();
      record('$exception', properties);
    },
    () => lost++,
  );

  const client: Client = {
    track(name, properties) {
      settlePending();
      if (name) record(name, properties);
      else say?.('warn', 'track needs a name');
    },
    page(properties) {
      pending = undefined;
      record('$pageview', properties);
    },
    captureException(error, properties) {
      capture(error, true, properties);
    },
    identify(userId, properties) {
      const id = String(userId ?? '').trim();
      if (!id || typeof userId === 'object') return say?.('warn', 'identify needs a user id');
      if (silent()) return;
      const now = Date.now();
      const { userId: before } = readIdentity(store, now);
      if (before === id && !properties) return;
      // Another user on the same device is another visitor, too; else the two could not be told apart.
      if (before !== undefined && before !== id) forget();
      const identity = { anonymousId: readIdentity(store, now).anonymousId, userId: id };
      writeIdentity(store, identity);
      record('$identify', properties && { $set: properties }, identity);
    },
    set(properties) {
      record('$set', { $set: properties });
    },
    alias(id) {
      record('$create_alias', { alias: String(id) });
    },
    register(properties) {
      if (silent()) return;
      const all: Properties = { ...readJson<Properties>(store, REGISTERED), ...properties };
      for (const name in all) if (all[name] === null) delete all[name];
      store.set(REGISTERED, JSON.stringify(all));
    },
    reset() {
      settlePending();
      forget();
    },
    optOut() {
      pending = undefined;
      kept.set(OPTED_OUT, '1');
      queue.clear();
      forget();
    },
    optIn() {
      kept.remove(OPTED_OUT);
    },
    hasOptedOut,
    flush() {
      settlePending();
      sender.flush();
      // On phones this is often the last that a page hears. It may come back, so one request waits for its answer.
      if (document.visibilityState === 'hidden') sender.handOver();
    },
    ids() {
      if (silent()) return undefined;
      const now = Date.now();
      return { ...readIdentity(store, now), sessionId: touchSession(store, now) };
    },
  };

  // Whatever goes wrong in here is ours; the page must never notice.
  const safely =
    <A extends unknown[], R>(work: (...args: A) => R) =>
    (...args: A): R | undefined => {
      try {
        return work(...args);
      } catch (fault) {
        say?.('warn', fault);
        return undefined;
      }
    };
  for (const name in client) {
    const method = name as keyof Client;
    client[method] = safely(client[method] as (...args: unknown[]) => never) as never;
  }

  const defer = (view: () => void): void => {
    pending = safely(view);
    setTimeout(safely(settlePending));
  };

  const on = (target: EventTarget, name: string, work: () => void): void => target.addEventListener(name, safely(work));
  on(window, 'pagehide', () => {
    settlePending();
    queue.leave();
    sender.handOver();
  });
  on(window, 'pageshow', sender.comeBack);
  on(window, 'online', sender.flush);
  // Another tab may have heard that the visitor opts out.
  on(window, 'storage', () => {
    if (hasOptedOut()) queue.clear();
  });
  on(document, 'visibilitychange', () => {
    if (document.visibilityState === 'hidden') client.flush();
    else sender.comeBack();
  });
  // What an earlier visit stored when the site did not ask for this yet.
  if (cookieless) for (const name of kept.names('observe.')) if (name !== OPTED_OUT) kept.remove(name);
  if (exceptions) safely(watchExceptions)(safely(capture));
  if (pageviews) {
    safely(watchPages)(defer, (from) => {
      referrer = from;
      record('$pageview');
    });
  }
  return client;
}
