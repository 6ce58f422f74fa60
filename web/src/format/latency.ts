import type { Duration } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@/format/time";

/** How long an answer took, with three digits that matter: `0.4 ms`, `182 ms`, `1.24 s`, `12.5 s`, `2 min`. */
export function latencyText(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${Number((ms / 1_000).toFixed(2))} s`;
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min${seconds % 60 > 0 ? ` ${seconds % 60} s` : ""}`;
}

/** The same of a Duration; a dash where there is none. */
export function latencyOf(duration: Duration | undefined): string {
  return duration ? latencyText(durationMs(duration)) : "–";
}

/** Milliseconds for a chart; `null` where there is none. */
export function latencyValue(duration: Duration | undefined): number | null {
  return duration ? durationMs(duration) : null;
}
