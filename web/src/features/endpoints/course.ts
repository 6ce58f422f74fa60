import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { BucketLength, Buckets, ChartSeries } from "@/charts";
import { latencyValue } from "@/format/latency";
import type { LatencyPoint } from "@/gen/observe/reports/v1/latency_service_pb";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Course {
  buckets: Buckets;
  traffic: ChartSeries[];
  latency: ChartSeries[];
  /** The last part is not over yet. */
  unfinished: boolean;
  /** How long one part is, in milliseconds. */
  part: number;
}

/** The parts of a range as the charts draw them; those that have not begun are left out. */
export function courseOf(points: readonly LatencyPoint[], timeZone: string, now: number): Course {
  const starts = points.map(({ startTime }) => (startTime ? timestampMs(startTime) : 0));
  const part = starts.length > 1 ? (starts[1] ?? 0) - (starts[0] ?? 0) : HOUR_MS;
  const begun = points.filter((_, index) => (starts[index] ?? 0) <= now);
  const shown = starts.slice(0, begun.length);
  const last = shown.at(-1);
  return {
    buckets: { starts: shown, length: lengthOf(part), timeZone },
    traffic: [
      { id: "requests", label: "Requests", values: begun.map(({ requestCount }) => Number(requestCount)), color: 0 },
      { id: "failed", label: "Failed", values: begun.map(({ errorCount }) => Number(errorCount)), color: 3 },
    ],
    latency: [
      { id: "p50", label: "p50", values: begun.map(({ p50 }) => latencyValue(p50)), color: 0 },
      { id: "p95", label: "p95", values: begun.map(({ p95 }) => latencyValue(p95)), color: 1 },
      { id: "p99", label: "p99", values: begun.map(({ p99 }) => latencyValue(p99)), color: 3 },
    ],
    unfinished: last !== undefined && last + part > now,
    part,
  };
}

/** How parts of this length are called: a day only when it is a whole one. */
function lengthOf(part: number): BucketLength {
  if (part >= DAY_MS) return "day";
  return part >= HOUR_MS ? "hour" : "minute";
}

/** "per 15 min", "per hour", "per day". */
export function perText(part: number): string {
  const minutes = Math.round(part / 60_000);
  if (minutes < 60) return minutes === 1 ? "per minute" : `per ${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return hours === 1 ? "per hour" : `per ${hours} h`;
  const days = Math.round(hours / 24);
  return days === 1 ? "per day" : `per ${days} d`;
}

const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx", "No status"];

export interface StatusShare {
  name: string;
  count: number;
  /** 0-1. */
  share: number;
  color: string;
}

const COLORS = ["var(--series-6)", "var(--series-3)", "var(--series-5)", "var(--series-2)", "var(--bad)", "var(--line-strong)"];

/** Requests by class of status; classes without a request are left out. */
export function statusShares(counts: readonly bigint[]): StatusShare[] {
  const total = counts.reduce((sum, count) => sum + Number(count), 0);
  return counts.flatMap((count, index) => {
    const name = CLASSES[index];
    if (count === 0n || name === undefined) return [];
    return [{ name, count: Number(count), share: Number(count) / total, color: COLORS[index] ?? "var(--series-6)" }];
  });
}
