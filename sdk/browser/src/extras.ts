/** The second script: `observe.js` loads it where a tag asks for something that is in it. */
import { autocapture } from './autocapture';
import type { Client, Extras } from './client';
import { outboundLinks } from './links';
import { webVitals } from './vitals';

/** Starts what is asked for. */
export function start(client: Client, asked: Extras): void {
  if (asked.autocapture) autocapture(client);
  if (asked.outboundLinks) outboundLinks(client);
  if (asked.webVitals) webVitals(client);
}
