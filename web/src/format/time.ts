import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Reads an instant of the contracts, or passes a Date on. */
export function toDate(time: Timestamp | Date): Date {
  return time instanceof Date ? time : timestampDate(time);
}

/** "just now", "42 s ago", "3 min ago", "5 h ago", "2 d ago"; later than 30 days the date itself. Future times read "in 6 d". */
export function relativeTime(time: Date, now: Date, timeZone?: string): string {
  const distance = now.getTime() - time.getTime();
  const size = Math.abs(distance);
  if (size >= 30 * DAY) return shortDate(time, timeZone);
  if (size < 5 * SECOND) return "just now";
  const length = roughLength(size);
  return distance > 0 ? `${length} ago` : `in ${length}`;
}

/** The date alone: "3 Nov 2026". */
export function shortDate(time: Date, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone }).format(time);
}

/** The whole instant with the name of its time zone: "3 Nov 2026, 14:02:07.123, Europe/Berlin". */
export function absoluteTime(time: Date, timeZone = localTimeZone()): string {
  const text = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    timeZone,
  }).format(time);
  return `${text}, ${timeZone}`;
}

/** A time of day to the second: "14:02:07". */
export function clockTime(time: Date, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone }).format(time);
}

/** The length of a Duration in milliseconds. */
export function durationMs(duration: Duration): number {
  return Number(duration.seconds) * SECOND + duration.nanos / 1e6;
}

/** A length for people: "340 ms", "12 s", "3 min", "5 h", "2 d". */
export function roughLength(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** The time zone of the browser. */
export function localTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
