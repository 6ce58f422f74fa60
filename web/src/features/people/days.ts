/** What happened on one day, newest first. */
export interface Day<T> {
  /** "2026-11-23" in the time zone. */
  key: string;
  /** "Today", "Yesterday", "Monday, 23 November 2026". */
  name: string;
  items: T[];
}

const DAY_MS = 86_400_000;

/** Cuts what has a time, newest first, into days of a time zone. */
export function byDay<T extends { time: Date }>(items: readonly T[], timeZone: string, now = new Date()): Day<T>[] {
  const keyOf = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone });
  const nameOf = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone });
  const today = keyOf.format(now);
  const yesterday = previousDay(today);
  const days: Day<T>[] = [];
  for (const item of items) {
    const key = keyOf.format(item.time);
    let day = days.at(-1);
    if (day?.key !== key) {
      day = { key, name: key === today ? "Today" : key === yesterday ? "Yesterday" : nameOf.format(item.time), items: [] };
      days.push(day);
    }
    day.items.push(item);
  }
  return days;
}

/** The calendar's day before; on the calendar, every day has 24 hours. */
function previousDay(key: string): string {
  return new Date(Date.parse(`${key}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);
}
