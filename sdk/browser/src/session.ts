import { SESSION_IDLE_MS, SESSION_MAX_MS } from './limits.js';
import { readJson, type Store } from './store.js';
import { uuidv7 } from './uuid.js';

const NAME = 'observe.session';

interface Session {
  id: string;
  /** When it began and when it last saw an event, in milliseconds since 1970. */
  start: number;
  last: number;
}

/**
 * The id of the session that an event at `now` belongs to; a new one after 30 minutes without an event, or 24 hours after
 * it began. It is read from the shared store at every event, so an event in another tab keeps the session alive, and no
 * tab ends a session that another one still uses. Comparisons are written so that broken numbers end a session.
 */
export function touchSession(store: Store, now: number): string {
  const kept = readJson<Session>(store, NAME);
  let { id, start } = kept ?? {};
  const alive = typeof id === 'string' && Math.abs(now - kept!.last!) <= SESSION_IDLE_MS && now - start! <= SESSION_MAX_MS;
  if (!alive) {
    id = uuidv7(now);
    start = now;
  }
  store.set(NAME, JSON.stringify({ id, start, last: now }));
  return id!;
}

/** Ends the session; the next event begins another. */
export function endSession(store: Store): void {
  store.remove(NAME);
}
