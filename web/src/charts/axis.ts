import type { Buckets, BucketLength } from "./series";

export interface Tick {
  index: number;
  label: string;
}

export interface ValueAxis {
  max: number;
  ticks: number[];
}

const STEPS = [1, 2, 5, 10];

/** An axis from zero with about four lines; whole numbers only, for what is counted. */
export function valueAxis(max: number, whole: boolean): ValueAxis {
  const top = max > 0 ? max : 1;
  const rough = top / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = power * (STEPS.find((one) => one * power >= rough) ?? 10);
  if (whole) step = Math.max(1, Math.ceil(step));
  const count = Math.max(1, Math.ceil(top / step - 1e-9));
  // Multiplied and not added up, because sums of tenths drift.
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
  return { max: ticks[count] ?? top, ticks };
}

const HOUR_STRIDES = [1, 2, 3, 6, 12];

/** Chooses buckets to name below the chart: at most `most` of them, at round times. */
export function timeTicks(buckets: Buckets, most: number): Tick[] {
  const { starts, timeZone } = buckets;
  if (starts.length === 0) return [];
  const room = Math.max(1, most);
  if (buckets.length === "hour" || buckets.length === "minute") return clockTicks(buckets, room);
  const stride = Math.ceil(starts.length / room);
  // Counted from the end, so that the newest bucket has its name.
  const first = (starts.length - 1) % stride;
  const label = formatter(timeZone, TICK_FORMAT[buckets.length]);
  return starts.flatMap((start, index) => (index % stride === first ? [{ index, label: label.format(start) }] : []));
}

function clockTicks({ starts, timeZone }: Buckets, room: number): Tick[] {
  const day = formatter(timeZone, TICK_FORMAT.day);
  const clock = formatter(timeZone, CLOCK_FORMAT);
  const named = starts.map((start) => ({ start, time: clock.format(start) }));
  const label = (start: number, time: string) => (time === "00:00" ? day.format(start) : time);
  for (const stride of HOUR_STRIDES) {
    const ticks = named.flatMap(({ start, time }, index) =>
      time.endsWith(":00") && Number(time.slice(0, 2)) % stride === 0 ? [{ index, label: label(start, time) }] : [],
    );
    if (ticks.length > 0 && ticks.length <= room) return ticks;
  }
  const midnights = named.flatMap(({ start, time }, index) =>
    time === "00:00" ? [{ index, label: day.format(start) }] : [],
  );
  const source = midnights.length > 0 ? midnights : named.map(({ start, time }, index) => ({ index, label: label(start, time) }));
  const stride = Math.ceil(source.length / room);
  return source.filter((_, index) => index % stride === 0);
}

const CLOCK_FORMAT: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

const TICK_FORMAT: Record<Exclude<BucketLength, "hour" | "minute">, Intl.DateTimeFormatOptions> = {
  day: { day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
  month: { month: "short", year: "numeric" },
};

const NAME_FORMAT: Record<BucketLength, Intl.DateTimeFormatOptions> = {
  minute: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  hour: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  week: { day: "numeric", month: "short", year: "numeric" },
  month: { month: "long", year: "numeric" },
};

/** The whole name of a bucket, for hovering, tables and files: `Sun, 31 May 2026`, `Week of 25 May 2026`. */
export function bucketName(start: number, { length, timeZone }: Pick<Buckets, "length" | "timeZone">): string {
  const name = formatter(timeZone, NAME_FORMAT[length]).format(start);
  return length === "week" ? `Week of ${name}` : name;
}

/** The short name of a bucket, for below a column: `31 May`, `14:00`, `May 2026`. */
export function tickName(start: number, { length, timeZone }: Pick<Buckets, "length" | "timeZone">): string {
  const isClock = length === "hour" || length === "minute";
  const clock = isClock ? formatter(timeZone, CLOCK_FORMAT).format(start) : "00:00";
  if (clock !== "00:00") return clock;
  return formatter(timeZone, isClock ? TICK_FORMAT.day : TICK_FORMAT[length]).format(start);
}

// Making a formatter costs far more than using one.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${timeZone} ${JSON.stringify(options)}`;
  let known = formatters.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat("en-GB", { timeZone, ...options });
    formatters.set(key, known);
  }
  return known;
}
