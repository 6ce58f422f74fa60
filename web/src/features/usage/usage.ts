import type { Buckets } from "@/charts/series";
import type { ChartTable } from "@/charts/table";
import { parseLocal } from "@/components/query/range";
import { startOfDate } from "@/components/query/zone";
import { exactNumber, percent, shortNumber } from "@/format/number";
import type { DailyUsage } from "@/gen/observe/reports/v1/usage_service_pb";

/** What is counted of a day, in the order of the page. */
export const METRICS = ["events", "persons", "sessions", "errors", "requests", "uptime"] as const;
export type Metric = (typeof METRICS)[number];

export interface MetricRules {
  name: string;
  /** The value of a day; `null` where there is none. */
  of: (day: DailyUsage) => number | null;
  /** What the number over all days is: persons of one day come again on the next, so they are not added up. */
  over: "total" | "average";
  short: (value: number) => string;
  exact: (value: number) => string;
  whole: boolean;
}

const COUNT = { short: shortNumber, exact: exactNumber, whole: true } as const;

export const RULES: Record<Metric, MetricRules> = {
  events: { ...COUNT, name: "Events", of: (day) => Number(day.events), over: "total" },
  persons: { ...COUNT, name: "Active persons", of: (day) => Number(day.activePersons), over: "average" },
  sessions: { ...COUNT, name: "Sessions", of: (day) => Number(day.sessions), over: "total" },
  errors: { ...COUNT, name: "Errors", of: (day) => Number(day.errors), over: "total" },
  requests: { ...COUNT, name: "Requests", of: (day) => Number(day.requests), over: "total" },
  uptime: { name: "Uptime", of: (day) => day.uptime ?? null, over: "average", short: uptimeText, exact: (value) => percent(value, 3), whole: false },
};

/** `99.98 %`; never all for what is only near it. */
export function uptimeText(share: number): string {
  if (share < 1 && share > 0.9999) return ">\u202f99.99\u202f%";
  return percent(share, 2);
}

export interface Summary {
  /** Nothing when no day has a value. */
  value: number | null;
  /** "in total", "a day on average". */
  words: string;
}

/** A metric in one number. A day that is not over counts in a total, but not in an average of counts. */
export function summaryOf(metric: Metric, days: readonly DailyUsage[]): Summary {
  const { of, over } = RULES[metric];
  const known = (counted: readonly DailyUsage[]) => counted.map(of).filter((value) => value !== null);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  if (over === "total") return { value: sum(known(days)), words: "in total" };
  const whole = known(days.filter(({ partial }) => !partial));
  const values = metric !== "uptime" && whole.length > 0 ? whole : known(days);
  const words = metric === "uptime" ? "on average" : "a day on average";
  if (values.length === 0) return { value: null, words };
  const average = sum(values) / values.length;
  return { value: RULES[metric].whole ? Math.round(average) : average, words };
}

/** The days as buckets of a chart. */
export function bucketsOf(days: readonly DailyUsage[], zone: string): Buckets {
  return { starts: days.map(({ date }) => startOfDate(parseLocal(date) ?? { year: 1970, month: 1, day: 1 }, zone)), length: "day", timeZone: zone };
}

/** Whether nothing happened on any of the days. */
export function isNothing(days: readonly DailyUsage[]): boolean {
  return days.every((day) => METRICS.every((metric) => !RULES[metric].of(day)));
}

/** The days as a table for a file, oldest first; every digit, and nothing where there is no value. */
export function usageTable(days: readonly DailyUsage[], timeZone: string): ChartTable {
  return {
    columns: [`Day (${timeZone})`, ...METRICS.map((metric) => RULES[metric].name), "Day is over"],
    rows: days.map((day) => ({ name: day.date, cells: [...METRICS.map((metric) => RULES[metric].of(day)), day.partial ? "no" : "yes"] })),
  };
}

/** "Mon, 23 Nov 2026" for `2026-11-23`; what is no date stays as it is. */
export function dayName(date: string): string {
  const local = parseLocal(date);
  if (!local) return date;
  const format = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return format.format(Date.UTC(local.year, local.month - 1, local.day));
}
