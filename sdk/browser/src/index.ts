/** The npm entry: `const observe = init({ key, host })`. */
import { createClient, type Client, type Options } from './client';

export type { Client, Options } from './client';
export type { Properties } from './page';

/** Starts the SDK on this page. Where there is no page (rendering on a server), the client does nothing. */
export function init(options: Options): Client {
  if (typeof window !== 'undefined') return createClient(options);
  return new Proxy({}, { get: () => () => undefined }) as Client;
}
