import { TEXT_CHARS } from './limits.js';
import { maskUrl } from './privacy.js';

declare const __VERSION__: string;

/** A flat or nested object of what JSON can hold. */
export type Properties = Record<string, unknown>;

const CAMPAIGN = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'];

/** What every event says of the page it happened on. */
export function pageProperties(referrer: string): Properties {
  const properties: Properties = {
    $current_url: maskUrl(location.href),
    $host: location.host,
    $pathname: location.pathname.slice(0, TEXT_CHARS),
    $title: document.title.slice(0, TEXT_CHARS),
    $referrer: referrer,
    $screen_width: screen.width,
    $screen_height: screen.height,
    $viewport_width: innerWidth,
    $viewport_height: innerHeight,
    $language: navigator.language,
    $lib: 'observe.js',
    $lib_version: __VERSION__,
  };
  const query = new URLSearchParams(location.search);
  for (const name of CAMPAIGN) {
    const value = query.get(name);
    if (value) properties[name] = value.slice(0, TEXT_CHARS);
  }
  return properties;
}

/** What makes a page another page: its path, and its fragment where that is used as a path. Queries do not count. */
function pageOf(): string {
  return location.pathname + (/^#[!/]/.test(location.hash) ? location.hash : '');
}

/**
 * Calls `view` for the page that is open and for each page that a single-page application moves to, with the address one
 * came from. The call comes a moment after the move, when the page had time to set its title and redirects are over.
 */
export function watchPages(defer: (view: () => void) => void, view: (referrer: string) => void): void {
  let page: string | undefined;
  let address = maskUrl(document.referrer);
  const look = (): void => {
    const now = pageOf();
    if (now === page) return;
    page = now;
    const referrer = address;
    address = maskUrl(location.href);
    view(referrer);
  };
  const moved = (): void => {
    if (pageOf() !== page) defer(look);
  };
  for (const method of ['pushState', 'replaceState'] as const) {
    const original = history[method];
    // Defined, since pages that freeze prototypes forbid to assign what they have.
    Object.defineProperty(history, method, {
      configurable: true,
      writable: true,
      value(...args: Parameters<History['pushState']>) {
        original.apply(this, args);
        moved();
      },
    });
  }
  addEventListener('popstate', moved);
  addEventListener('hashchange', moved);
  // A page that is only prerendered is seen by nobody yet.
  if ((document as Document & { prerendering?: boolean }).prerendering) {
    document.addEventListener('prerenderingchange', moved, { once: true });
  } else {
    moved();
  }
}
