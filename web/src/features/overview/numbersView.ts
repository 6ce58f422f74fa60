import { exactNumber, percent } from "@/format/number";
import type { Comparison } from "@/gen/observe/reports/v1/overview_service_pb";

/** How a number of today stands against yesterday's. */
export interface Change {
  /** "▲ 6 %", "as yesterday"; for eyes. */
  short: string;
  /** The same in words; for ears and for hovering. */
  words: string;
}

/** Changes below this share are none. */
const SAME = 0.005;
/** From this factor on, "12 times" says more than percents do. */
const TIMES = 10;

/** Compares today until now with yesterday until the same time. */
export function changeOf({ value, previous }: Pick<Comparison, "value" | "previous">, write: (value: number) => string = exactNumber): Change {
  const before = `${write(previous)} until the same time yesterday`;
  if (previous === 0) return value === 0 ? { short: "as yesterday", words: "none yesterday either" } : { short: "none yesterday", words: before };
  const change = (value - previous) / previous;
  if (Math.abs(change) < SAME) return { short: "as yesterday", words: before };
  const direction = change > 0 ? "up" : "down";
  const size = change >= TIMES - 1 ? `${Math.round(value / previous)}\u202f×` : percent(Math.abs(change), 0);
  return { short: `${change > 0 ? "▲" : "▼"} ${size}`, words: `${direction} ${size}, ${before}` };
}

const DAY_MS = 86_400_000;

/** The names of the last `count` days in a time zone, oldest first: "12 Nov". Counted by the calendar, not in hours. */
export function dayNames(count: number, now: Date, timeZone: string): string[] {
  const today = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone }).format(now);
  const name = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  const noon = Date.parse(`${today}T12:00:00Z`);
  return Array.from({ length: count }, (_, index) => name.format(noon - (count - 1 - index) * DAY_MS));
}

/** The names of the last `count` hours, oldest first: "14:00". */
export function hourNames(count: number, now: Date, timeZone: string): string[] {
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  const hour = 3_600_000;
  const full = Math.floor(now.getTime() / hour) * hour;
  return Array.from({ length: count }, (_, index) => clock.format(full - (count - 1 - index) * hour));
}

/** Milliseconds, short: "182 ms", "1.4 s". */
export function millisText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}\u202fms`;
  return `${Number((ms / 1000).toFixed(ms < 10_000 ? 1 : 0))}\u202fs`;
}
