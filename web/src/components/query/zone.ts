/** Calendar arithmetic in an IANA time zone, on milliseconds since 1970. */

export interface LocalDate {
  year: number;
  /** 1-12. */
  month: number;
  day: number;
}

export interface LocalTime extends LocalDate {
  hour: number;
  minute: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

// Making a formatter costs far more than using one.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formatters.set(zone, made);
  return made;
}

/** Answers the zone if this browser knows it, else UTC, which every browser knows. */
export function knownZone(zone: string | undefined): string {
  if (!zone) return "UTC";
  try {
    formatter(zone);
    return zone;
  } catch {
    return "UTC";
  }
}

/** What a clock in the zone shows at an instant. */
export function toLocal(instant: number, zone: string): LocalTime & { second: number } {
  const parts: Record<string, number> = {};
  for (const part of formatter(zone).formatToParts(instant)) parts[part.type] = Number(part.value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, day, hour, minute, second };
}

/** How far the zone is ahead of UTC at an instant. */
export function offsetMs(instant: number, zone: string): number {
  const { year, month, day, hour, minute, second } = toLocal(instant, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

/**
 * The instant at which clocks in the zone show a time. Of a time that comes twice it is the first; for one that is
 * skipped, the first instant after the gap.
 */
export function fromLocal(local: LocalTime, zone: string): number {
  const wall = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute);
  const offsets = [offsetMs(wall - DAY_MS, zone), offsetMs(wall + DAY_MS, zone)];
  const candidates = offsets.map((offset) => wall - offset).sort((a, b) => a - b);
  for (const candidate of candidates) {
    if (candidate + offsetMs(candidate, zone) === wall) return candidate;
  }
  return endOfGap(candidates[0] ?? wall, candidates[1] ?? wall, zone);
}

/** Finds where the offset changes between two instants, to the minute. */
function endOfGap(from: number, to: number, zone: string): number {
  const before = offsetMs(from, zone);
  let [low, high] = [from, to];
  while (high - low > 60_000) {
    const middle = low + Math.floor((high - low) / 120_000) * 60_000;
    if (middle === low) break;
    if (offsetMs(middle, zone) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Moves a date in the calendar; overflow of days is carried. */
export function addDays(date: LocalDate, days: number): LocalDate {
  const moved = new Date(Date.UTC(date.year, date.month - 1, date.day + days));
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
}

/** The first instant of a date in the zone. */
export function startOfDate(date: LocalDate, zone: string): number {
  return fromLocal({ ...date, hour: 0, minute: 0 }, zone);
}

/** The full hour, by the clocks of the zone, that an instant lies in. */
export function startOfHour(instant: number, zone: string): number {
  const { minute, second } = toLocal(instant, zone);
  return Math.floor(instant / 1000) * 1000 - minute * 60_000 - second * 1000;
}
