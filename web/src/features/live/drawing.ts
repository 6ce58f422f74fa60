/** The list is drawn anew at most so often, in milliseconds; more cannot be read anyway. */
const MIN_GAP_MS = 100;
/** And at least so often, however long it takes. */
const MAX_GAP_MS = 1_000;
/** Drawing may take up this part of the time; the rest is for the person at the page. */
const SHARE = 1 / 6;

/** Makes a scheduler that draws with the frames of the browser, and the less often the longer it takes. */
export function makeScheduler(): (work: () => void) => void {
  let gap = MIN_GAP_MS;
  let last = 0;
  return (work) => {
    const run = () => {
      last = performance.now();
      work();
      // The list is drawn when this has returned, so the clock is read after that.
      setTimeout(() => {
        gap = Math.min(MAX_GAP_MS, Math.max(MIN_GAP_MS, (performance.now() - last) / SHARE));
      });
    };
    const wait = last + gap - performance.now();
    if (wait <= 0) requestAnimationFrame(run);
    else window.setTimeout(() => requestAnimationFrame(run), wait);
  };
}
