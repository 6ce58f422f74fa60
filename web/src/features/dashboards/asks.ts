import { timestampMs } from "@bufbuild/protobuf/wkt";
import { lastRange, resolveRange, toTimeRange } from "@/components/query/range";
import { effectiveInterval } from "@/features/insights/interval";
import { INTERVAL_WIRE, intervalOf } from "@/features/insights/wire";
import { durationMs } from "@/format/time";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import type { InsightQuery } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import type { Interval as WireInterval } from "@/gen/observe/reports/v1/interval_pb";

const HOUR_MS = 3_600_000;

export interface TileAsker {
  projectId: string;
  /** The project's. */
  timeZone: string;
  /** Milliseconds since 1970. */
  now: number;
  /** The time for all tiles, in hours; `null` for each its own. */
  lastHours: number | null;
}

/** The question of a tile, to be asked now: over the time for all tiles, else over its own. */
export function askedNow(query: InsightQuery, { projectId, timeZone, now, lastHours }: TileAsker): InsightQuery["kind"] {
  const { kind } = query;
  const own = query.last ? durationMs(query.last) / HOUR_MS : 0;
  const hours = lastHours ?? (own > 0 ? own : null);
  if (kind.case === undefined) return kind;
  if (hours === null) return { ...kind, value: { ...kind.value, projectId } } as InsightQuery["kind"];
  const zone = "timeZone" in kind.value && kind.value.timeZone ? kind.value.timeZone : timeZone;
  const resolved = resolveRange(lastRange(hours), zone, now);
  const range = toTimeRange(resolved);
  const value = { ...kind.value, projectId, range };
  // A year by the hour is no picture: another time has other buckets.
  if ("interval" in value && lastHours !== null) value.interval = INTERVAL_WIRE[effectiveInterval(intervalOf(value.interval), resolved)];
  return { ...kind, value } as InsightQuery["kind"];
}

/** The length of buckets of a funnel over time. */
export function trendInterval(range: TimeRange | undefined): WireInterval {
  const [start, end] = [range?.startTime, range?.endTime].map((time) => (time ? timestampMs(time) : 0));
  return INTERVAL_WIRE[effectiveInterval("auto", { start: start ?? 0, end: end ?? 0 })];
}
