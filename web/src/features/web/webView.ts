import { type ChartSeries, conversionText, lengthText } from "@/charts";
import type { ChartTable } from "@/charts/table";
import { exactNumber, percent, shortNumber } from "@/format/number";
import { type BucketsView, bucketsOf } from "@/features/insights/answers/buckets";
import type { QueryWebOverviewRequest, QueryWebOverviewResponse, WebNumbers, WebPoint, WebRow } from "@/gen/observe/reports/v1/web_overview_pb";
import { type DimensionInfo, valueName } from "./dimensions";

/** What the chart can show. */
export const METRICS = ["visitors", "views", "sessions"] as const;
export type Metric = (typeof METRICS)[number];
export const METRIC_NAMES: Record<Metric, string> = { visitors: "Visitors", views: "Page views", sessions: "Sessions" };

/** One number above the chart. */
export interface Tile {
  key: string;
  name: string;
  /** The chart that it chooses; none for what has no course. */
  metric?: Metric;
  /** As short as a tile needs it. */
  text: string;
  /** Every digit, for hovering. */
  exact: string;
  change: Change | undefined;
}

/** How a number stands against that of the time before. */
export interface Change {
  /** "▲ 6 %"; for eyes. */
  short: string;
  /** The same in words; for ears and for hovering. */
  words: string;
}

/** Changes below this share are none. */
const SAME = 0.005;
/** From this factor on, "12 ×" says more than percents do. */
const TIMES = 10;

/** Compares a number with that of the time of equal length before. */
export function changeFrom(value: number, previous: number, write: (value: number) => string): Change {
  const before = `${write(previous)} in the time before`;
  if (previous === 0) return value === 0 ? { short: "as before", words: before } : { short: "none before", words: before };
  const change = (value - previous) / previous;
  if (Math.abs(change) < SAME) return { short: "as before", words: before };
  const size = change >= TIMES - 1 ? `${Math.round(value / previous)}\u202f×` : percent(Math.abs(change), 0);
  return { short: `${change > 0 ? "▲" : "▼"} ${size}`, words: `${change > 0 ? "up" : "down"} ${size}, ${before}` };
}

interface Kind {
  key: string;
  name: string;
  metric?: Metric;
  read(numbers: WebNumbers): number;
  short(value: number): string;
  exact(value: number): string;
}

const seconds = (value: number) => lengthText(value * 1_000);
const twoDigits = (value: number) => String(Number(value.toFixed(2)));
const KINDS: readonly Kind[] = [
  ...METRICS.map((metric) => ({
    key: metric, name: METRIC_NAMES[metric], metric, read: (numbers: WebNumbers) => Number(numbers[metric]), short: shortNumber, exact: exactNumber,
  })),
  { key: "bounce", name: "Bounce rate", read: ({ bounceRate }) => bounceRate, short: (value) => percent(value, 0), exact: conversionText },
  { key: "duration", name: "Session duration", read: ({ averageDurationSeconds }) => averageDurationSeconds, short: seconds, exact: seconds },
  { key: "depth", name: "Views a session", read: ({ viewsPerSession }) => viewsPerSession, short: twoDigits, exact: twoDigits },
];

/** The numbers above the chart, with the comparison where there is one. */
export function tilesOf(numbers: WebNumbers, previous: WebNumbers | undefined): Tile[] {
  return KINDS.map(({ key, name, metric, read, short, exact }) => {
    const value = read(numbers);
    return { key, name, metric, text: short(value), exact: exact(value), change: previous && changeFrom(value, read(previous), exact) };
  });
}

export interface Course extends BucketsView {
  series: ChartSeries[];
}

/** One number over time. Buckets that have not begun are left out. */
export function courseOf(request: QueryWebOverviewRequest, points: readonly WebPoint[], metric: Metric, now: number): Course {
  const view = bucketsOf(points, request, "UTC", now);
  const values = points.slice(0, view.buckets.starts.length).map((point) => Number(point[metric]));
  return { ...view, series: [{ id: metric, label: METRIC_NAMES[metric], values }] };
}

/** Whether nobody came, in this time and with this filter. */
export function isNothing({ numbers }: QueryWebOverviewResponse): boolean {
  return numbers === undefined || (numbers.views === 0n && numbers.sessions === 0n);
}

/** A table of the page as a file. */
export function rowsTable(info: DimensionInfo, rows: readonly WebRow[]): ChartTable {
  return {
    columns: [info.column, "Visitors", info.counted, "Bounce rate"],
    rows: rows.map(({ value, visitors, views, bounceRate }) => ({
      name: valueName(info.dimension, value),
      cells: [Number(visitors), Number(views), bounceRate],
    })),
  };
}
