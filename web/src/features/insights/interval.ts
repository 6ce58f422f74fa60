import type { ResolvedRange } from "@/components/query/range";
import { INTERVALS, type Interval } from "./question";

const HOUR_MS = 3_600_000;
const LENGTH_MS: Record<Interval, number> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
};

/** More points than this are no longer a picture; the server itself allows 10,000. */
const BUCKETS_MAX = 2_000;

/** The intervals that make sense for a range; never none. */
export function offeredIntervals(range: ResolvedRange): Interval[] {
  const length = range.end - range.start;
  return INTERVALS.filter((one) => length / LENGTH_MS[one] <= BUCKETS_MAX && (one === "hour" || length > LENGTH_MS[one]));
}

/** The chosen interval if it makes sense for the range, else the one that gives a readable number of buckets. */
export function effectiveInterval(choice: Interval | "auto", range: ResolvedRange): Interval {
  if (choice !== "auto" && offeredIntervals(range).includes(choice)) return choice;
  const days = (range.end - range.start) / LENGTH_MS.day;
  if (days <= 2.1) return "hour";
  if (days <= 100) return "day";
  return days <= 750 ? "week" : "month";
}
