import { percent } from "@/format/number";

/** `4.1 %` of a share from 0 to 1; never nothing or all for what is only near it. */
export function conversionText(share: number): string {
  if (share > 0 && share < 0.001) return "<\u202f0.1\u202f%";
  if (share < 1 && share > 0.999) return ">\u202f99.9\u202f%";
  return percent(share);
}

/** `▲ 12 %`, `▼ 3.4 %` or `no change`, of a change as a share. */
export function changeText(change: number): string {
  if (Math.abs(change) < 0.0005) return "no change";
  return `${change > 0 ? "▲" : "▼"}\u202f${percent(Math.abs(change))}`;
}

const LENGTHS: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** `2 d 4 h`, `3 min 20 s`, `4.3 s`, `180 ms`: the two largest units that matter. */
export function lengthText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const at = LENGTHS.findIndex(([one]) => ms >= one);
  const [[large, name] = [1, "ms"], smaller] = LENGTHS.slice(at, at + 2);
  if (!smaller) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0))} s`;
  const rest = Math.floor((ms % large) / smaller[0]);
  return `${Math.floor(ms / large)} ${name}${rest > 0 ? ` ${rest} ${smaller[1]}` : ""}`;
}
