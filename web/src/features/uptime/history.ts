import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Buckets, ChartSeries } from "@/charts";
import { latencyValue } from "@/format/latency";
import type { UptimeBucket } from "@/gen/observe/monitor/v1/monitor_service_pb";

export const WINDOWS = ["24h", "7d", "30d", "90d"] as const;
export type HistoryWindow = (typeof WINDOWS)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How the buckets of a window are cut, and how many there are. Days are in UTC. */
const CUT: Record<HistoryWindow, { length: "hour" | "day"; count: number }> = {
  "24h": { length: "hour", count: 24 },
  "7d": { length: "hour", count: 168 },
  "30d": { length: "day", count: 30 },
  "90d": { length: "day", count: 90 },
};

export function cutOf(window: HistoryWindow) {
  return CUT[window];
}

/**
 * The range to ask for: whole hours or whole days up to the one that is running, so that the question stays the same for a
 * while and its answer can be kept.
 */
export function windowRange(window: HistoryWindow, now: number): { start: number; end: number } {
  const { length, count } = CUT[window];
  const step = length === "hour" ? HOUR_MS : DAY_MS;
  const end = (Math.floor(now / step) + 1) * step;
  return { start: end - count * step, end };
}

/** The percentiles over time, as the chart draws them. */
export function latencySeries(buckets: readonly UptimeBucket[]): ChartSeries[] {
  return [
    { id: "p50", label: "p50", values: buckets.map(({ p50 }) => latencyValue(p50)), color: 0 },
    { id: "p95", label: "p95", values: buckets.map(({ p95 }) => latencyValue(p95)), color: 1 },
    { id: "p99", label: "p99", values: buckets.map(({ p99 }) => latencyValue(p99)), color: 3 },
  ];
}

export function chartBuckets(buckets: readonly UptimeBucket[], window: HistoryWindow, timeZone: string): Buckets {
  const { length } = CUT[window];
  return {
    starts: buckets.map(({ startTime }) => (startTime ? timestampMs(startTime) : 0)),
    length,
    timeZone: length === "day" ? "UTC" : timeZone,
  };
}

/** Whether there is anything to draw. */
export function hasLatency(buckets: readonly UptimeBucket[]): boolean {
  return buckets.some(({ p50 }) => p50 !== undefined);
}
