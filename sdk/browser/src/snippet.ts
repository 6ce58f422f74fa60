/**
 * The script-tag entry. Calls made before it was loaded wait in `observe.q` and are made now, in order. The key and the
 * options are the tag's `data-` attributes, or those of a call `observe('init', {...})` where tags lose attributes.
 */
import { createClient, type Client, type Options } from './client';

type Call = (command: string, ...args: unknown[]) => unknown;
type Observe = Call & Partial<Client> & { q?: ArrayLike<unknown>[] };

const page = window as Window & { observe?: Observe };

function start(): void {
  let client: Client | undefined;
  const observe: Observe = (command, ...args) => {
    if (command === 'init' && !client) {
      client = createClient(args[0] as Options);
      Object.assign(observe, client);
    } else if (client && Object.prototype.hasOwnProperty.call(client, command)) {
      return (client[command as keyof Client] as (...args: unknown[]) => unknown)(...args);
    }
    return undefined;
  };
  const script = (document.currentScript ?? document.querySelector('script[data-key]')) as HTMLScriptElement | null;
  const early = page.observe?.q ?? [];
  page.observe = observe;
  const { key, host, debug, respectDnt, pageviews, exceptions } = script?.dataset ?? {};
  const on = (value: string | undefined): boolean => value !== undefined && value !== 'false';
  if (script && key) {
    const options: Options = {
      key,
      // Events go where the script came from: the folder of its address, so that a first-party proxy needs no setting.
      host: host || script.src.replace(/[?#].*/, '').replace(/\/[^/]*$/, ''),
      debug: on(debug),
      respectDnt: on(respectDnt),
      pageviews: pageviews !== 'false',
      exceptions: exceptions !== 'false',
    };
    observe('init', options);
  }
  for (const call of early) {
    observe(...(Array.from(call) as [string, ...unknown[]]));
  }
}

try {
  // A second copy of the tag must not count everything twice.
  if (!page.observe?.track) start();
} catch {
  // The page goes on without us.
}
