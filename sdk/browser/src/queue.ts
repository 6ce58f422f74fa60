import { FLUSH_BYTES, FLUSH_EVENTS, ORPHAN_AGE_MS, QUEUE_BYTES, QUEUE_EVENTS, STALE_AGE_MS } from './limits.js';
import type { Store } from './store.js';
import { uuidTime, uuidv7 } from './uuid.js';

const PREFIX = 'observe.q.';

/** An event that waits: its uuid, its JSON as it will be sent, and the bytes of that. */
export interface Waiting {
  uuid: string;
  json: string;
  bytes: number;
}

/** The events that wait to be sent, oldest first. */
export interface Queue {
  readonly waiting: readonly Waiting[];
  /** Whether there is enough to send at once. */
  isFull(): boolean;
  add(uuid: string, json: string): void;
  remove(events: readonly Waiting[]): void;
  /** Throws away what waits, here and in what other pages left behind. */
  clear(): void;
  /** Says that this page may go away; others may take over what it leaves. */
  leave(): void;
  /** Takes over what pages that are gone have left behind; calls back for each of them. */
  adopt(taken: () => void): void;
}

/** The UTF-8 bytes of a text. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * Opens the queue of this page. Each event is an entry of its own in the shared store, named
 * `observe.q.<key>.<page>.<uuid>`, so that adding and removing cost the same however many wait, and pages never overwrite
 * each other's. A page holds a Web Lock of its own name while something waits; one whose lock is free is gone.
 * The lock is not held for longer, since pages that hold one are kept out of the back/forward cache.
 */
export function openQueue(store: Store, key: string, dropped: () => void): Queue {
  const own = `${PREFIX}${key}.${uuidv7(Date.now())}`;
  const locks = navigator.locks as LockManager | undefined;
  let waiting: Waiting[] = [];
  let bytes = 0;
  let letGo: (() => void) | undefined;

  const put = (uuid: string, json: string): void => {
    store.set(`${own}.${uuid}`, json);
    const event = { uuid, json, bytes: byteLength(json) };
    waiting.push(event);
    bytes += event.bytes;
    if (locks && !letGo) {
      const held = new Promise<void>((resolve) => (letGo = resolve));
      locks.request(own, () => held).catch(() => undefined);
    }
  };
  const leave = (): void => {
    letGo?.();
    letGo = undefined;
  };
  const remove = (events: readonly Waiting[]): void => {
    const gone = new Set(events.map((event) => event.uuid));
    waiting = waiting.filter((event) => {
      if (!gone.has(event.uuid)) return true;
      bytes -= event.bytes;
      store.remove(`${own}.${event.uuid}`);
      return false;
    });
    if (!waiting.length) leave();
  };
  const bound = (): void => {
    while (waiting.length > QUEUE_EVENTS || bytes > QUEUE_BYTES) {
      remove(waiting.slice(0, 1));
      dropped();
    }
  };
  const take = (names: readonly string[], now: number, anyAge: boolean): void => {
    for (const name of names) {
      const uuid = uuidOf(name);
      const json = store.get(name);
      if (json === null || (!anyAge && now - uuidTime(uuid) < ORPHAN_AGE_MS)) continue;
      store.remove(name);
      try {
        JSON.parse(json);
        put(uuid, json);
      } catch {
        // Half an event would spoil the whole batch.
      }
    }
    waiting.sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
    bound();
  };

  // What all pages left behind is bounded together: where requests are always blocked, storage must not fill up.
  let count = 0;
  let size = 0;
  const newestFirst = (a: string, b: string): number => (uuidOf(a) < uuidOf(b) ? 1 : -1);
  for (const name of store.names(PREFIX).sort(newestFirst)) {
    size += store.get(name)?.length ?? 0;
    if (++count > QUEUE_EVENTS || size > QUEUE_BYTES || !(Date.now() - uuidTime(uuidOf(name)) < STALE_AGE_MS)) {
      store.remove(name);
      dropped();
    }
  }

  return {
    get waiting() {
      return waiting;
    },
    isFull: () => waiting.length >= FLUSH_EVENTS || bytes >= FLUSH_BYTES,
    add(uuid, json) {
      put(uuid, json);
      bound();
    },
    remove,
    clear() {
      remove(waiting);
      store.names(PREFIX + key).forEach(store.remove);
    },
    leave,
    adopt(taken) {
      const now = Date.now();
      const pages = new Map<string, string[]>();
      for (const name of store.names(`${PREFIX}${key}.`)) {
        const page = name.slice(0, name.lastIndexOf('.'));
        if (page !== own) pages.set(page, [...(pages.get(page) ?? []), name]);
      }
      pages.forEach((names, page) => {
        const mine = (anyAge: boolean): void => {
          take(names, now, anyAge);
          taken();
        };
        if (!locks) return mine(false);
        locks
          .request(page, { ifAvailable: true }, (lock) => {
            if (lock) mine(true);
          })
          .catch(() => undefined);
      });
    },
  };
}

function uuidOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
