/** The npm entry: `const observe = init({ key, host })`, and what can be watched for it besides. */
import { createClient, type Client, type Options } from './client.js';

export { autocapture } from './autocapture.js';
export type { Client, Options } from './client.js';
export { outboundLinks } from './links.js';
export type { Properties } from './page.js';
export { webVitals } from './vitals.js';
export type { Recorder } from './watch.js';

const clients = /* @__PURE__ */ new Map<string, Client>();

/**
 * Starts the SDK on this page, once for a key: frameworks run their set-up code more than once, and everything would count
 * twice. Where there is no page (rendering on a server), the client does nothing.
 */
export function init(options: Options): Client {
  if (typeof window === 'undefined') return new Proxy({}, { get: () => () => undefined }) as Client;
  const known = clients.get(options.key);
  if (known) return known;
  const client = createClient(options);
  clients.set(options.key, client);
  return client;
}
