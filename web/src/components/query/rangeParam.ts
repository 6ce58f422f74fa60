import type { Param } from "@/hooks/urlState";
import { decodeRange, encodeRange, type Preset, type TimeRangeState } from "./range";

/** A range in the query string, as `7d` or `2026-05-01..2026-05-31`. */
export function rangeParam(preset: Preset): Param<TimeRangeState> {
  return { fallback: { kind: "preset", preset }, read: (text) => decodeRange(text) ?? undefined, write: encodeRange };
}
