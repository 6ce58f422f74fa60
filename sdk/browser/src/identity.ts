import { readJson, type Store } from './store.js';
import { uuidv7 } from './uuid.js';

const NAME = 'observe.id';

/** Who is here: the visitor always, the user once known. */
export interface Identity {
  anonymousId: string;
  userId?: string;
}

/** Reads who is here from the shared store, at every event, so that all tabs agree; a new visitor is made when needed. */
export function readIdentity(store: Store, now: number): Identity {
  const kept = readJson<Identity>(store, NAME);
  if (kept && typeof kept.anonymousId === 'string' && kept.anonymousId) return kept as Identity;
  const fresh = { anonymousId: uuidv7(now) };
  writeIdentity(store, fresh);
  return fresh;
}

/** Keeps who is here. */
export function writeIdentity(store: Store, identity: Identity): void {
  store.set(NAME, JSON.stringify(identity));
}

/** Forgets who is here; the next event has a new visitor. */
export function forgetIdentity(store: Store): void {
  store.remove(NAME);
}
