import { describe, isIgnored, linkOf, pathOf, targetOf } from './element.js';
import { listen, onceFor } from './watch.js';

/**
 * Records `$outbound_link` for clicks that lead to another host, also with the middle button. The page that goes away hands
 * it to the browser, and it stays stored until the server has answered, so it arrives although nobody waits for it.
 */
export const outboundLinks = /* @__PURE__ */ onceFor((client) => {
  const clicked = (event: Event): void => {
    // The second button opens a menu.
    if ((event as MouseEvent).button > 1) return;
    const path = pathOf(event);
    const link = linkOf(path);
    const target = link && targetOf(link);
    if (!link || !target || !/^https?:$/.test(target.protocol) || target.host === location.host || isIgnored(path)) return;
    client.track('$outbound_link', { ...describe(path.slice(path.indexOf(link)), true), $outbound_host: target.host });
  };
  listen(document, 'click', clicked);
  listen(document, 'auxclick', clicked);
});
