import { valueAxis } from "./axis";

export interface SpanAxis {
  /** Zero or below. */
  min: number;
  max: number;
  ticks: number[];
}

/** An axis through zero for values on both sides of it, in steps that are alike above and below. */
export function spanAxis(min: number, max: number, whole: boolean): SpanAxis {
  if (min >= 0) return { min: 0, ...valueAxis(max, whole) };
  const larger = valueAxis(Math.max(max, -min), whole);
  const step = larger.ticks[1] ?? 1;
  const below = Math.ceil(-min / step - 1e-9);
  const above = max > 0 ? Math.ceil(max / step - 1e-9) : 0;
  const ticks = Array.from({ length: below + above + 1 }, (_, index) => Number(((index - below) * step).toPrecision(12)));
  return { min: ticks[0] ?? 0, max: ticks.at(-1) ?? 0, ticks };
}
