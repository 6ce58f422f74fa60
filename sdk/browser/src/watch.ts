import type { Client } from './client.js';

/** What a watcher needs of a client. */
export type Recorder = Pick<Client, 'track' | 'flush'>;

/** Something that is watched for a client from now on, once however often it is asked for; nothing without a page. */
export function onceFor(start: (client: Recorder) => void): (client: Recorder) => void {
  const started = new WeakSet<Recorder>();
  return (client) => {
    if (typeof document === 'undefined' || started.has(client)) return;
    started.add(client);
    safely(start)(client);
  };
}

/** Listens before the page does, which may stop an event from going on. */
export function listen(target: EventTarget, name: string, work: (event: Event) => void, capture = true): void {
  target.addEventListener(name, safely(work), { capture, passive: true });
}

/** Whatever goes wrong in here is ours; the page must never notice. */
function safely<A extends unknown[]>(work: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      work(...args);
    } catch {
      // What is missed is one click.
    }
  };
}
