import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type TimeRange, TimeRangeSchema } from "@/gen/observe/common/v1/time_range_pb";
import { plural } from "@/format/number";
import { addDays, type LocalTime, startOfDate, startOfHour, fromLocal, toLocal } from "./zone";

export const PRESETS = ["24h", "today", "7d", "30d", "90d"] as const;
export type Preset = (typeof PRESETS)[number];

export const PRESET_NAMES: Record<Preset, string> = {
  "24h": "Last 24 hours",
  today: "Today",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  "90d": "Last 90 days",
};

/**
 * A range as a person thinks of it, in the project's time zone. The ends of a custom one are `2026-05-31` or
 * `2026-05-31T14:30`; a date alone as the end includes that day.
 */
export type TimeRangeState =
  | { kind: "preset"; preset: Preset }
  /** The last so many hours; whole days where they are a multiple of 24. */
  | { kind: "last"; hours: number }
  | { kind: "custom"; from: string; to: string };

/** Instants in milliseconds since 1970; half-open. */
export interface ResolvedRange {
  start: number;
  end: number;
}

export const DEFAULT_RANGE: TimeRangeState = { kind: "preset", preset: "7d" };

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}))?$/;

/** Reads `2026-05-31` or `2026-05-31T14:30`; anything else, also a 31st of April, is `null`. */
export function parseLocal(text: string): (LocalTime & { dateOnly: boolean }) | null {
  const match = LOCAL.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const check = new Date(Date.UTC(year, month - 1, day, hour, minute));
  const exists =
    year >= 1970 &&
    check.getUTCMonth() === month - 1 &&
    check.getUTCDate() === day &&
    check.getUTCHours() === hour &&
    minute < 60;
  return exists ? { year, month, day, hour, minute, dateOnly: match[4] === undefined } : null;
}

/** Writes what a clock in the zone shows at an instant, to the minute: `2026-05-31T14:30`. */
export function writeLocal(instant: number, zone: string): string {
  const { year, month, day, hour, minute } = toLocal(instant, zone);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`;
}

const PRESET_HOURS: Record<Preset, number> = { "24h": 24, today: 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24 };
/** The longest that a range up to now may be. */
const LAST_HOURS_MAX = 400 * 24;

/** How long a range up to now is, in hours; `null` for one with fixed ends. */
export function lastHours(range: TimeRangeState): number | null {
  if (range.kind === "custom") return null;
  return range.kind === "last" ? range.hours : PRESET_HOURS[range.preset];
}

/** The range of so many hours up to now. */
export function lastRange(hours: number): TimeRangeState {
  const preset = (["24h", "7d", "30d", "90d"] as const).find((one) => PRESET_HOURS[one] === hours);
  return preset ? { kind: "preset", preset } : { kind: "last", hours: Math.min(LAST_HOURS_MAX, Math.max(1, Math.round(hours))) };
}

/**
 * Answers the instants. Presets end with the day (or the hour) that is running, not with the second, so that a question
 * stays the same question for a while and its answer can be kept.
 */
export function resolveRange(range: TimeRangeState, zone: string, now: number): ResolvedRange {
  if (range.kind === "custom") {
    const from = parseLocal(range.from);
    const to = parseLocal(range.to);
    if (from && to) {
      const start = fromLocal(from, zone);
      const end = to.dateOnly ? startOfDate(addDays(to, 1), zone) : fromLocal(to, zone);
      if (end > start) return { start, end };
    }
    return resolveRange(DEFAULT_RANGE, zone, now);
  }
  const hours = range.kind === "last" ? range.hours : PRESET_HOURS[range.preset];
  if (hours % 24 !== 0 || (range.kind === "preset" && range.preset === "24h")) {
    const hour = startOfHour(now, zone);
    return { start: hour - (hours - 1) * 3_600_000, end: hour + 3_600_000 };
  }
  const today = toLocal(now, zone);
  const days = hours / 24;
  return {
    start: startOfDate(addDays(today, 1 - days), zone),
    end: startOfDate(addDays(today, 1), zone),
  };
}

/** The range as questions want it. */
export function toTimeRange(range: ResolvedRange): TimeRange {
  return create(TimeRangeSchema, { startTime: timestampFromMs(range.start), endTime: timestampFromMs(range.end) });
}

/** Writes a range for an address: `7d`, `14d`, `36h` or `2026-05-01..2026-05-31T14:30`. */
export function encodeRange(range: TimeRangeState): string {
  if (range.kind === "last") return range.hours % 24 === 0 ? `${range.hours / 24}d` : `${range.hours}h`;
  return range.kind === "preset" ? range.preset : `${range.from}..${range.to}`;
}

/** Reads what `encodeRange` wrote; `null` for anything else. */
export function decodeRange(text: string | null): TimeRangeState | null {
  if (text === null) return null;
  const preset = PRESETS.find((one) => one === text);
  if (preset) return { kind: "preset", preset };
  const last = /^(\d{1,4})([hd])$/.exec(text);
  if (last) {
    const hours = Number(last[1]) * (last[2] === "d" ? 24 : 1);
    return hours > 0 && hours <= LAST_HOURS_MAX ? lastRange(hours) : null;
  }
  const [from = "", to = "", ...rest] = text.split("..");
  if (rest.length > 0 || !parseLocal(from) || !parseLocal(to)) return null;
  return isForward(from, to) ? { kind: "custom", from, to } : null;
}

/** Whether the end of a custom range is after its start. */
export function isForward(from: string, to: string): boolean {
  const [first, last] = [parseLocal(from), parseLocal(to)];
  if (!first || !last) return false;
  const instant = (one: LocalTime) => Date.UTC(one.year, one.month - 1, one.day, one.hour, one.minute);
  return instant(last) + (last.dateOnly ? 86_400_000 : 0) > instant(first);
}

/** The name a person reads: `Last 7 days`, or `1 May 2026 – 31 May 2026, 14:30`. */
export function rangeName(range: TimeRangeState): string {
  if (range.kind === "preset") return PRESET_NAMES[range.preset];
  if (range.kind === "last") return `Last ${range.hours % 24 === 0 ? plural(range.hours / 24, "day") : plural(range.hours, "hour")}`;
  const [from, to] = [localName(range.from), localName(range.to)];
  return from === to ? from : `${from} – ${to}`;
}

function localName(text: string): string {
  const local = parseLocal(text);
  if (!local) return text;
  const date = new Date(Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute));
  const day = date.toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
  return local.dateOnly ? day : `${day}, ${text.slice(-5)}`;
}

/** Both ends with the minute and the zone, for hovering; the end is the last minute inside. */
export function absoluteName(range: ResolvedRange, zone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "medium", timeStyle: "short" });
  return `${format.format(range.start)} – ${format.format(range.end - 60_000)} (${zone})`;
}
