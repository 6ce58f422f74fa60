import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { BucketLength, Buckets, ChartSeries } from "@/charts/series";
import type { GetErrorGroupResponse } from "@/gen/observe/reports/v1/error_service_pb";

const HOUR_MS = 3_600_000;

/** How often it happened over the range, ready to be drawn. */
export interface Course {
  buckets: Buckets;
  series: ChartSeries[];
  /** The last part is not over yet. */
  unfinished: boolean;
}

/** Makes the points of a group drawable; parts that have not begun are left out. Nothing when there is nothing to draw. */
export function courseOf({ errorGroup, pointTimes }: Pick<GetErrorGroupResponse, "errorGroup" | "pointTimes">, timeZone: string, now: number): Course | undefined {
  const all = pointTimes.map(timestampMs);
  const starts = all.filter((start) => start <= now);
  if (starts.length < 2) return undefined;
  const part = (all[1] ?? 0) - (all[0] ?? 0);
  const values = starts.map((_, index) => Number(errorGroup?.points[index] ?? 0n));
  return {
    buckets: { starts, length: lengthOf(part), timeZone },
    series: [{ id: "events", label: "Events", values }],
    unfinished: now < (starts.at(-1) ?? 0) + part,
  };
}

/** How the parts are named: with the time of day while they are shorter than a day. */
function lengthOf(part: number): BucketLength {
  if (part >= 23 * HOUR_MS) return "day";
  return part >= HOUR_MS ? "hour" : "minute";
}
