import { onCLS, onFCP, onINP, onLCP, onTTFB, type Metric } from 'web-vitals';
import { TEXT_CHARS } from './limits.js';
import type { Properties } from './page.js';
import { maskUrl } from './privacy.js';
import { listen, onceFor } from './watch.js';

/**
 * Records `$web_vitals` once for a page that was loaded, when it is hidden or left for the first time: `$lcp`, `$inp`,
 * `$fcp` and `$ttfb` in milliseconds, `$cls` without a unit. What the browser does not measure, or did not happen (nobody
 * clicked), is missing. The page is the one that was loaded, wherever an application has moved since.
 */
export const webVitals = /* @__PURE__ */ onceFor((client) => {
  const page = { $current_url: maskUrl(location.href), $pathname: location.pathname.slice(0, TEXT_CHARS) };
  const values: Properties = {};
  const note = ({ name, value, navigationType }: Metric): void => {
    // Another page view out of the back/forward cache: its measures are those of no load.
    if (navigationType === 'back-forward-cache') return;
    values[`$${name.toLowerCase()}`] = name === 'CLS' ? Math.round(value * 10_000) / 10_000 : Math.round(value * 10) / 10;
    values['$navigation_type'] = navigationType;
  };
  for (const measure of [onTTFB, onFCP, onLCP, onCLS, onINP]) measure(note, { reportAllChanges: true });
  let done = false;
  // The library settles its measures in listeners of its own, which are called before: they are on the window, capturing.
  const settle = (): void => {
    if (done || document.visibilityState !== 'hidden' || !values['$navigation_type']) return;
    done = true;
    client.track('$web_vitals', { ...page, ...values });
    client.flush();
  };
  listen(document, 'visibilitychange', settle, false);
});
