/**
 * The script-tag entry. Calls made before it was loaded wait in `observe.q` and are made now, in order. The key and the
 * options are the tag's `data-` attributes, or those of a call `observe('init', {...})` where tags lose attributes.
 */
import { createClient, type Client, type Extras, type Options } from './client.js';

type Call = (command: string, ...args: unknown[]) => unknown;
type Observe = Call & Partial<Client> & { q?: Iterable<unknown>[] };

const page = window as Window & { observe?: Observe };

function start(): void {
  let client: Client | undefined;
  const script = (document.currentScript ?? document.querySelector('script[data-key]')) as HTMLScriptElement | null;
  // The folder of the script's address: a first-party proxy needs no setting.
  const folder = script?.src.replace(/[?#].*/, '').replace(/\/[^/]*$/, '');
  const observe: Observe = (command, ...args) => {
    if (command === 'init' && !client) {
      const options = args[0] as Options & Extras;
      client = createClient(options);
      Object.assign(observe, client);
      if (options.autocapture || options.outboundLinks || options.webVitals) void more((folder || options.host).replace(/\/$/, ''), client, options);
    } else if (client && Object.prototype.hasOwnProperty.call(client, command)) {
      return (client[command as keyof Client] as (...args: unknown[]) => unknown)(...args);
    }
    return undefined;
  };
  const early = page.observe?.q ?? [];
  page.observe = observe;
  const { key, host, pageviews, exceptions, ...rest } = { ...script?.dataset };
  if (key) {
    const options: Record<string, unknown> = { key, host: host || folder, pageviews: pageviews !== 'false', exceptions: exceptions !== 'false' };
    // All others are off unless the tag has them.
    for (const name in rest) options[name] = rest[name] !== 'false';
    observe('init', options);
  }
  for (const call of early) {
    observe(...(call as [string, ...unknown[]]));
  }
}

/**
 * Loads the second script and starts what is asked for. An import inherits the nonce of this script and needs no element,
 * so content policies and Trusted Types that allow this script allow that one.
 */
async function more(folder: string, client: Client, options: Extras): Promise<void> {
  try {
    ((await import(`${folder}/observe-extras.js`)) as typeof import('./extras.js')).start(client, options);
  } catch {
    // The page and the rest of the SDK go on without.
  }
}

try {
  // A second copy of the tag must not count everything twice.
  if (!page.observe?.track) start();
} catch {
  // The page goes on without us.
}
