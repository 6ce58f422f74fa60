import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { toBreakdown } from "@/components/query/breakdown";
import { toFilter } from "@/components/query/filter";
import { resolveRange, toTimeRange } from "@/components/query/range";
import { QueryFunnelRequest_Order, type QueryFunnelRequest, QueryFunnelRequestSchema } from "@/gen/observe/reports/v1/funnel_pb";
import { Interval as WireInterval } from "@/gen/observe/reports/v1/interval_pb";
import {
  type QueryTrendsRequest,
  QueryTrendsRequestSchema,
  TrendsSeries_Math,
} from "@/gen/observe/reports/v1/trends_pb";
import { effectiveInterval } from "./interval";
import { type Interval, type Math, type Question, type SeriesState, STEPS_MIN, windowSeconds } from "./question";

/** What a question means only together with: whose project, where, and when it is asked. */
export interface Asker {
  projectId: string;
  timeZone: string;
  /** Milliseconds since 1970. */
  now: number;
}

const INTERVAL: Record<Interval, WireInterval> = {
  hour: WireInterval.HOUR,
  day: WireInterval.DAY,
  week: WireInterval.WEEK,
  month: WireInterval.MONTH,
};

const MATH: Record<Math, TrendsSeries_Math> = {
  total: TrendsSeries_Math.TOTAL,
  unique: TrendsSeries_Math.UNIQUE_PERSONS,
};

/** The trends question on the wire, with the series given. */
export function toTrendsRequest(question: Question, series: SeriesState[], asker: Asker): QueryTrendsRequest {
  const range = resolveRange(question.range, asker.timeZone, asker.now);
  return create(QueryTrendsRequestSchema, {
    projectId: asker.projectId,
    range: toTimeRange(range),
    interval: INTERVAL[effectiveInterval(question.interval, range)],
    timeZone: asker.timeZone,
    series: series.map(({ event, math, filter }) => ({ event, math: MATH[math], filter: toFilter(filter) })),
    breakdown: question.breakdown ? toBreakdown(question.breakdown) : undefined,
    filter: toFilter(question.filter),
  });
}

/** The funnel question on the wire; `null` while there are too few steps to ask. */
export function toFunnelRequest(question: Question, asker: Asker): QueryFunnelRequest | null {
  if (question.steps.length < STEPS_MIN) return null;
  return create(QueryFunnelRequestSchema, {
    projectId: asker.projectId,
    range: toTimeRange(resolveRange(question.range, asker.timeZone, asker.now)),
    steps: question.steps.map(({ event, filter }) => ({ event, filter: toFilter(filter) })),
    window: durationFromMs(windowSeconds(question.window) * 1000),
    order: QueryFunnelRequest_Order.ORDERED,
    breakdown: question.breakdown ? toBreakdown(question.breakdown) : undefined,
    filter: toFilter(question.filter),
  });
}
