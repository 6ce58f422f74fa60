import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { UptimeBucket } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { latencyOf } from "@/format/latency";
import { exactNumber } from "@/format/number";
import { bucketName } from "@/charts/axis";

/** The drawing: bars stand side by side, one unit of width for each. */
export const BAR_HEIGHT = 28;
/** How high a good bar is: lower than a failed one, so that they differ without colour. */
const GOOD_HEIGHT = 19;
/** What nothing is known of is a stub. */
const STUB_HEIGHT = 6;
/** The least that a failure shows, however short it was. */
const FAILED_MIN = 9;
/** The share of its place that a bar fills: many need a gap that can be seen, few need no wide one. */
const FILLED_MANY = 0.72;
const FILLED_FEW = 0.93;
const FEW = 31;

export type BarKind = "good" | "failed" | "unknown";

/** How a bar is drawn: its kind, and the part of it, from the top, that says failed. */
export interface Bar {
  kind: BarKind;
  height: number;
  failed: number;
}

export function barOf(bucket: UptimeBucket | undefined): Bar {
  const ratio = bucket && upRatio(bucket);
  if (ratio === undefined) return { kind: "unknown", height: STUB_HEIGHT, failed: 0 };
  if (ratio === 1) return { kind: "good", height: GOOD_HEIGHT, failed: 0 };
  const failed = Math.max(FAILED_MIN, Math.round((1 - ratio) * BAR_HEIGHT));
  return { kind: "failed", height: BAR_HEIGHT, failed };
}

/** Good checks of all that say something; undefined when none does. */
export function upRatio({ up, down }: Pick<UptimeBucket, "up" | "down">): number | undefined {
  const known = Number(up + down);
  return known === 0 ? undefined : Number(up) / known;
}

/** The last `count` buckets; places before the first are empty. */
export function lastBuckets(buckets: readonly UptimeBucket[], count: number): (UptimeBucket | undefined)[] {
  const last = buckets.slice(-count);
  return [...Array.from({ length: count - last.length }, () => undefined), ...last];
}

/** All bars of a kind as one path, because a page may show fifty thousand of them. */
export function barPaths(bars: readonly Bar[]): { good: string; failed: string; unknown: string } {
  const width = bars.length > FEW ? FILLED_MANY : FILLED_FEW;
  const box = (index: number, top: number, height: number) => `M${(index + (1 - width) / 2).toFixed(3)} ${top}h${width}v${height}h${-width}z`;
  const paths = { good: "", failed: "", unknown: "" };
  bars.forEach(({ kind, height, failed }, index) => {
    const top = BAR_HEIGHT - height;
    if (kind === "unknown") paths.unknown += box(index, top, height);
    if (failed > 0) paths.failed += box(index, top, failed);
    if (kind !== "unknown" && failed < height) paths.good += box(index, top + failed, height - failed);
  });
  return paths;
}

/** `99.98 %`: never rounded up, so that 100 % means no failed check. */
export function uptimeText(ratio: number | undefined): string {
  if (ratio === undefined) return "–";
  if (ratio === 1) return "100\u202f%";
  const share = Math.floor(ratio * 10_000 + 1e-6) / 100;
  return `${share.toFixed(2)}\u202f%`;
}

export interface BarWords {
  name: string;
  uptime: string;
  /** What is behind it, in one line. */
  detail: string;
}

/** What a bar says when it is read. */
export function barWords(bucket: UptimeBucket | undefined, length: "hour" | "day", timeZone: string): BarWords {
  if (!bucket) return { name: "Before the first check", uptime: "No data", detail: "" };
  const name = bucket.startTime ? bucketName(timestampMs(bucket.startTime), { length, timeZone }) : "";
  const ratio = upRatio(bucket);
  if (ratio === undefined) {
    return { name, uptime: "No data", detail: bucket.missed > 0n ? `${exactNumber(bucket.missed)} checks missed` : "" };
  }
  const checks = exactNumber(bucket.up + bucket.down);
  const facts = [bucket.down > 0n ? `${exactNumber(bucket.down)} of ${checks} checks failed` : `${checks} checks`];
  if (bucket.missed > 0n) facts.push(`${exactNumber(bucket.missed)} missed`);
  if (bucket.p95) facts.push(`p95 ${latencyOf(bucket.p95)}`);
  return { name, uptime: `${uptimeText(ratio)} up`, detail: facts.join(" · ") };
}
