import { useMemo } from "react";
import { decodeRange, encodeRange, resolveRange, toTimeRange } from "@/components/query";
import type { TimeRangeState } from "@/components/query";
import { knownZone } from "@/components/query/zone";
import { useNow } from "@/hooks/useNow";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { useUrlState } from "@/hooks/useUrlState";
import type { Param } from "@/hooks/useUrlState";

const MINUTE_MS = 60_000;
/** As long as the server answers for, in milliseconds. A preset of 90 days is an hour longer when clocks change. */
const RANGE_MAX_MS = 90 * 24 * 60 * MINUTE_MS;
const DAY: TimeRangeState = { kind: "preset", preset: "24h" };

/** What was broken lately matters most, so the last day is where one begins. */
const RANGE: Param<TimeRangeState> = { fallback: DAY, read: (text) => decodeRange(text) ?? undefined, write: encodeRange };
const SHAPE = { range: RANGE };

/** The range in the address, and as a question wants it. */
export function useRange() {
  const zone = knownZone(useTimeZone());
  const [{ range }, setState] = useUrlState(SHAPE);
  const now = useNow(MINUTE_MS).getTime();
  const { start, end } = resolveRange(range, zone, now);
  const preset = range.kind === "preset";
  const from = preset ? Math.max(start, end - RANGE_MAX_MS) : start;
  const asked = useMemo(() => toTimeRange({ start: from, end }), [from, end]);
  return {
    range,
    setRange: (next: TimeRangeState) => setState({ range: next }),
    asked,
    zone,
    /** As it stands in an address; empty for the one that needs no words. */
    text: range.kind === "preset" && range.preset === "24h" ? "" : encodeRange(range),
  };
}
