import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Buckets, ChartSeries } from "@/charts";
import { breakdownName } from "@/components/query/breakdown";
import { Interval as WireInterval } from "@/gen/observe/reports/v1/interval_pb";
import {
  type QueryTrendsRequest,
  type QueryTrendsResponse,
  type TrendsResult,
  TrendsSeries_Math,
} from "@/gen/observe/reports/v1/trends_pb";
import type { Interval, Math as Counted } from "./question";

/** One line of an answer, ready to be drawn. */
export interface TrendsLine extends ChartSeries {
  /** Of which series of the question it is. */
  series: number;
  counted: Counted;
  /** The name of that series; hostile text. */
  seriesLabel: string;
  /** The value of the breakdown that it is for, as a person reads it; `null` without a breakdown. */
  value: string | null;
  /** Whether it is for all values that are not told apart. */
  other: boolean;
  /** Over the whole range. */
  total: number;
}

export interface TrendsView {
  buckets: Buckets;
  lines: TrendsLine[];
  /** The last bucket is not over yet, or is cut by the end of the range. */
  unfinished: boolean;
}

const LENGTH: Record<WireInterval, Interval> = {
  [WireInterval.UNSPECIFIED]: "day",
  [WireInterval.DAY]: "day",
  [WireInterval.HOUR]: "hour",
  [WireInterval.WEEK]: "week",
  [WireInterval.MONTH]: "month",
};

/** The shortest that each can be, in milliseconds; days are shorter when clocks change. */
const SHORTEST_MS: Record<Interval, number> = {
  hour: 3_600_000,
  day: 23 * 3_600_000,
  week: 167 * 3_600_000,
  month: 671 * 3_600_000,
};

/** Makes an answer drawable, by the question it answers. Buckets that have not begun are left out. */
export function trendsView(request: QueryTrendsRequest, response: QueryTrendsResponse, now: number): TrendsView {
  const length = LENGTH[request.interval];
  const points = response.series[0]?.points ?? [];
  const all = points.map(({ startTime }) => (startTime ? timestampMs(startTime) : 0));
  const starts = all.filter((start) => start <= now);
  const end = request.range?.endTime ? timestampMs(request.range.endTime) : now;
  const last = starts.at(-1);
  return {
    buckets: { starts, length, timeZone: request.timeZone || "UTC" },
    lines: lines(request, response.series, starts.length),
    unfinished: last !== undefined && (now < end || last + SHORTEST_MS[length] > end),
  };
}

function lines(request: QueryTrendsRequest, results: readonly TrendsResult[], count: number): TrendsLine[] {
  let series = 0;
  let seen = new Set<string>();
  return results.map((result, index) => {
    // The lines of a series follow each other; a new label, or a value that was there, begins the next series.
    const fresh = index > 0 && (results[index - 1]?.label !== result.label || seen.has(result.breakdownValue));
    if (fresh) [series, seen] = [series + 1, new Set()];
    seen.add(result.breakdownValue);
    const value = request.breakdown ? breakdownName(result.breakdownValue) : null;
    const math = request.series[series]?.math;
    return {
      id: `${series} ${result.breakdownValue}`,
      label: value ?? result.label,
      series,
      seriesLabel: result.label,
      counted: math === TrendsSeries_Math.UNIQUE_PERSONS ? "unique" : "total",
      value,
      other: request.breakdown !== undefined && result.breakdownValue === "$other",
      values: result.points.slice(0, count).map((point) => point.value),
      total: result.total,
    };
  });
}

/** The lines worth drawing first: the largest, and those that are not a mix of many. */
export function firstLines(all: readonly TrendsLine[], most: number): string[] {
  const rank = (line: TrendsLine) => (line.other ? 1 : 0);
  const ranked = [...all].sort((a, b) => rank(a) - rank(b) || b.total - a.total).slice(0, most);
  const chosen = new Set(ranked.map(({ id }) => id));
  return all.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
}
