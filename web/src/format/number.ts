/** Exact, with separators: 48,213. */
const EXACT = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const SHORT = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
/** Each unit begins where three digits of the one below would round up to it: 999,999 is 1 M. */
const UNITS = [
  { from: 999.5e6, per: 1e9, unit: "B" },
  { from: 999.5e3, per: 1e6, unit: "M" },
  { from: 1e4, per: 1e3, unit: "k" },
] as const;

/** A count in full. */
export function exactNumber(value: number | bigint): string {
  return EXACT.format(value);
}

/** A count short enough for a tile: 9,999 stays as it is, 48,213 becomes 48.2 k; a thin space stands before the unit. */
export function shortNumber(value: number | bigint): string {
  const number = Number(value);
  const size = Math.abs(number);
  for (const step of UNITS) {
    if (size >= step.from) return `${SHORT.format(number / step.per)}\u202f${step.unit}`;
  }
  return EXACT.format(number);
}

/** A share of one as a percentage: 0.0413 becomes "4.1 %". */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits).replace(/\.0+$/, "")}\u202f%`;
}

/** "1 event", "12,408 events". */
export function plural(count: number | bigint, one: string, many = `${one}s`): string {
  return `${exactNumber(count)} ${Number(count) === 1 ? one : many}`;
}
