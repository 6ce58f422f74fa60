import type { ChartSeries } from "@/charts";
import { breakdownName } from "@/components/query/breakdown";
import type { QueryTrendsRequest, QueryTrendsResponse, TrendsResult } from "@/gen/observe/reports/v1/trends_pb";
import { type BucketsView, bucketsOf } from "./answers/buckets";
import { mathOf, type Unit, unitOfMath } from "./maths";

/** One line of an answer, ready to be drawn. */
export interface TrendsLine extends ChartSeries {
  /** Of which series of the question it is, from 0. */
  series: number;
  /** What it counts; `null` where its values are no counts, or nobody knows. */
  unit: Unit | null;
  /** The name of that series; hostile text. */
  seriesLabel: string;
  /** The value of the breakdown that it is for, as a person reads it; `null` without a breakdown. */
  value: string | null;
  /** The same as it is asked for; empty without a breakdown. */
  wireValue: string;
  /** Whether it is for all values that are not told apart. */
  other: boolean;
  /** Over the whole range. */
  total: number;
  /** The total of the time before; missing without a comparison. */
  previousTotal?: number;
}

export interface TrendsView extends BucketsView {
  lines: TrendsLine[];
  /** Values are whole numbers. */
  whole: boolean;
  /** There are persons behind each number: not behind those of a formula. */
  hasPersons: boolean;
}

/** Makes an answer drawable. Buckets that have not begun are left out. */
export function trendsView(response: QueryTrendsResponse, request: QueryTrendsRequest | undefined, timeZone: string, now: number): TrendsView {
  const cut = bucketsOf(response.series[0]?.points ?? [], request, timeZone, now);
  const all = lines(response, request, cut.buckets.starts.length);
  return {
    ...cut,
    lines: all,
    whole: all.every(({ values, previous = [] }) => [...values, ...previous].every(Number.isInteger)),
    hasPersons: request !== undefined && request.formula === "",
  };
}

function lines({ series: results, previous }: QueryTrendsResponse, request: QueryTrendsRequest | undefined, count: number): TrendsLine[] {
  const split = request ? request.breakdown !== undefined : results.some(({ breakdownValue }) => breakdownValue !== "");
  const formula = request !== undefined && request.formula !== "";
  let series = 0;
  let seen = new Set<string>();
  return results.map((result, index) => {
    // The lines of a series follow each other; a new label, or a value that was there, begins the next series.
    const fresh = index > 0 && (results[index - 1]?.label !== result.label || seen.has(result.breakdownValue));
    if (fresh) [series, seen] = [series + 1, new Set()];
    seen.add(result.breakdownValue);
    const value = split ? breakdownName(result.breakdownValue) : null;
    const asked = request?.series[series];
    const before = previous[index];
    return {
      id: `${series} ${result.breakdownValue}`,
      label: value ?? result.label,
      series,
      seriesLabel: result.label,
      unit: asked && !formula ? unitOfMath(mathOf(asked.math), request.groupType) : null,
      value,
      wireValue: result.breakdownValue,
      other: split && result.breakdownValue === "$other",
      values: valuesOf(result, count),
      total: result.total,
      ...(before && { previous: valuesOf(before, count), previousTotal: before.total }),
    };
  });
}

function valuesOf({ points }: TrendsResult, count: number): number[] {
  return points.slice(0, count).map(({ value }) => value);
}

/** The lines worth drawing first: the largest, and those that are not a mix of many. */
export function firstLines(all: readonly TrendsLine[], most: number): string[] {
  const rank = (line: TrendsLine) => (line.other ? 1 : 0);
  const ranked = [...all].sort((a, b) => rank(a) - rank(b) || b.total - a.total).slice(0, most);
  const chosen = new Set(ranked.map(({ id }) => id));
  return all.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
}
