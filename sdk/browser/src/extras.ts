/**
 * The second script: `observe.js` loads it where a tag asks for something that is in it. Browsers keep both for an hour, so
 * after an upgrade either may be the older one: what `start` is given may grow, and never changes its meaning.
 */
import { autocapture } from './autocapture.js';
import type { Client, Extras } from './client.js';
import { outboundLinks } from './links.js';
import { webVitals } from './vitals.js';

/** Starts what is asked for. */
export function start(client: Client, asked: Extras): void {
  if (asked.autocapture) autocapture(client);
  if (asked.outboundLinks) outboundLinks(client);
  if (asked.webVitals) webVitals(client);
}
