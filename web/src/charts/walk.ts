/** Reading a chart with the keyboard: which of `count` places a key leads to; `null` for none, `undefined` for a key that is not for it. */
export function nextIndex(key: string, active: number | null, count: number): number | null | undefined {
  const at = active ?? count;
  const page = Math.max(1, Math.round(count / 10));
  const clamp = (index: number) => Math.max(0, Math.min(count - 1, index));
  switch (key) {
    case "ArrowLeft":
      return clamp(at - 1);
    case "ArrowRight":
      return clamp(active === null ? 0 : at + 1);
    case "PageDown":
      return clamp(at - page);
    case "PageUp":
      return clamp(at + page);
    case "Home":
      return 0;
    case "End":
      return clamp(count);
    case "Escape":
      return active === null ? undefined : null;
    default:
      return undefined;
  }
}
