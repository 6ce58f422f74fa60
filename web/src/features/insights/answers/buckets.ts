import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Buckets } from "@/charts";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import type { Interval as WireInterval } from "@/gen/observe/reports/v1/interval_pb";
import type { Interval } from "../question";
import { intervalOf } from "../wire";

const HOUR_MS = 3_600_000;
/** The shortest that each can be, in milliseconds; days are shorter when clocks change. */
const SHORTEST_MS: Record<Interval, number> = { hour: HOUR_MS, day: 23 * HOUR_MS, week: 167 * HOUR_MS, month: 671 * HOUR_MS };

/** The part of a question that says how time is cut. */
export interface Cut {
  range?: TimeRange | undefined;
  interval?: WireInterval;
  timeZone: string;
}

export interface BucketsView {
  buckets: Buckets;
  /** The last bucket is not over yet, or is cut by the end of the range. */
  unfinished: boolean;
  /** Where the last bucket ends at the latest, in milliseconds since 1970. */
  end: number;
}

/** The buckets of an answer that have begun. Without the question, their length is told from their distance. */
export function bucketsOf(points: readonly { startTime?: Timestamp | undefined }[], cut: Cut | undefined, timeZone: string, now: number): BucketsView {
  const all = points.map(({ startTime }) => (startTime ? timestampMs(startTime) : 0));
  const length = cut ? intervalOf(cut.interval) : lengthOf(all);
  const starts = all.filter((start) => start <= now);
  const last = starts.at(-1);
  const rangeEnd = cut?.range?.endTime ? timestampMs(cut.range.endTime) : now;
  const bucketEnd = (last ?? now) + SHORTEST_MS[length];
  return {
    buckets: { starts, length, timeZone: cut?.timeZone || timeZone || "UTC" },
    unfinished: last !== undefined && (now < rangeEnd || bucketEnd > rangeEnd),
    end: Math.max(rangeEnd, bucketEnd),
  };
}

/** The length of buckets by the shortest distance of two. */
function lengthOf(starts: readonly number[]): Interval {
  const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  const gap = Math.min(...gaps, Infinity);
  if (gap === Infinity) return "day";
  return (["month", "week", "day"] as const).find((one) => gap >= SHORTEST_MS[one]) ?? "hour";
}
