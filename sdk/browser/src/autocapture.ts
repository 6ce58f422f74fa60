import { describe, interactiveOf, isEditable, isIgnored, pathOf } from './element.js';
import { RAGE_CLICKS, RAGE_MS, RAGE_PIXELS } from './limits.js';
import { listen, onceFor, type Recorder } from './watch.js';

/**
 * Records `$autocapture` for clicks on what can be clicked and for submitted forms, and `$rageclick` for someone who
 * clicks the same place again and again. Never what visitors type; nothing of or in `data-observe-ignore`.
 */
export const autocapture = /* @__PURE__ */ onceFor((client) => {
  const enraged = /* @__PURE__ */ openRage();
  listen(document, 'click', (event) => {
    const path = pathOf(event);
    if (!path.length || isIgnored(path)) return;
    const element = interactiveOf(path);
    if (element) record(client, 'click', path.slice(path.indexOf(element)));
    if (event instanceof MouseEvent && !isEditable(path) && enraged(event)) {
      client.track('$rageclick', { ...describe(path, false), $event_type: 'click' });
    }
  });
  listen(document, 'submit', (event) => {
    const path = pathOf(event);
    if (path.length && !isIgnored(path)) record(client, 'submit', path);
  });
});

function record(client: Recorder, type: 'click' | 'submit', path: readonly Element[]): void {
  client.track('$autocapture', { ...describe(path, type === 'click'), $event_type: type });
}

/** Answers whether a click makes it so many in one place within a moment; once for each such burst. */
function openRage(): (event: MouseEvent) => boolean {
  let first: { x: number; y: number; at: number } | undefined;
  let count = 0;
  return ({ clientX: x, clientY: y, timeStamp: at, detail }) => {
    // The keyboard and programs click without a place, and nobody is enraged by holding Enter.
    if (!detail) return false;
    if (!first || at - first.at > RAGE_MS || Math.hypot(x - first.x, y - first.y) > RAGE_PIXELS) {
      first = { x, y, at };
      count = 0;
    }
    return ++count === RAGE_CLICKS;
  };
}
