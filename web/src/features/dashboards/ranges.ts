import { lastRange, rangeName } from "@/components/query/range";

/** The times that can be chosen for all tiles, in hours. */
const HOURS = [24, 7 * 24, 30 * 24, 90 * 24, 365 * 24];

/** What stands in the address when a time other than the dashboard's own is looked at. */
export const EACH_ITS_OWN = "own";

/** `null` for each its own, `undefined` for nothing said or nonsense. */
export function readLast(text: string): number | null | undefined {
  if (text === EACH_ITS_OWN) return null;
  const hours = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return hours >= 1 && hours <= 400 * 24 ? hours : undefined;
}

export function writeLast(hours: number | null): string {
  return hours === null ? EACH_ITS_OWN : String(hours);
}

/** The choices, with the present one also where a call made it. */
export function rangeOptions(present: number | null): { value: string; label: string }[] {
  const hours = present === null || HOURS.includes(present) ? HOURS : [...HOURS, present].sort((a, b) => a - b);
  return [{ value: EACH_ITS_OWN, label: "Each its own time" }, ...hours.map((one) => ({ value: String(one), label: rangeName(lastRange(one)) }))];
}
