/** The data of a chart over time: plain numbers, so that whoever has numbers can draw them. */

/** The length of a bucket. */
export type BucketLength = "minute" | "hour" | "day" | "week" | "month";

export interface ChartSeries {
  /** Stays the same while the line stays the same. */
  id: string;
  /** Who the line is; hostile text. */
  label: string;
  /** One value for each bucket; `null` where there is none. */
  values: readonly (number | null)[];
  /** Which of the series colours, 0-5; by its place when missing. */
  color?: number;
  /** The values of the time before, bucket by bucket. */
  previous?: readonly (number | null)[];
  /** What else there is to say of each bucket, such as `12 of 34`. */
  notes?: readonly string[];
}

export interface Buckets {
  /** The start of each bucket in milliseconds since 1970, ascending. */
  starts: readonly number[];
  length: BucketLength;
  /** The IANA time zone in which the buckets are calendar units. */
  timeZone: string;
}

/** As many lines as a person can tell apart; there are that many series colours. */
export const SERIES_DRAWN_MAX = 6;

/** The colour of a series as CSS wants it. */
export function seriesColor(series: ChartSeries | undefined, index: number): string {
  return `var(--series-${((series?.color ?? index) % SERIES_DRAWN_MAX) + 1})`;
}

/** Where a value stands between gaps: no line leads to it or from it, so it needs a point to be seen. */
export function lonelyValues(values: readonly (number | null)[]): number[] {
  const isGap = (index: number) => (values[index] ?? null) === null;
  return values.flatMap((_, index) => (!isGap(index) && isGap(index - 1) && isGap(index + 1) ? [index] : []));
}

/** Which series has, in a bucket, the value nearest to one that was pointed at. */
export function nearestSeries(series: readonly ChartSeries[], bucket: number, value: number): number {
  const distance = ({ values }: ChartSeries) => Math.abs((values[bucket] ?? Infinity) - value);
  return series.reduce((best, one, index) => (distance(one) < distance(series[best] ?? one) ? index : best), 0);
}
