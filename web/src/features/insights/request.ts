import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { toBreakdown } from "@/components/query/breakdown";
import { toFilter } from "@/components/query/filter";
import { resolveRange, toTimeRange } from "@/components/query/range";
import {
  type QueryFunnelRequest,
  QueryFunnelRequestSchema,
  type QueryFunnelTrendRequest,
  QueryFunnelTrendRequestSchema,
} from "@/gen/observe/reports/v1/funnel_pb";
import { type QueryLifecycleRequest, QueryLifecycleRequestSchema } from "@/gen/observe/reports/v1/lifecycle_pb";
import { type QueryPathsRequest, QueryPathsRequestSchema } from "@/gen/observe/reports/v1/paths_pb";
import {
  type QueryRetentionRequest,
  QueryRetentionRequest_Counting as WireCounting,
  QueryRetentionRequest_Kind as WireKind,
  QueryRetentionRequest_Windows as WireWindows,
  QueryRetentionRequestSchema,
} from "@/gen/observe/reports/v1/retention_pb";
import { type QueryStickinessRequest, QueryStickinessRequestSchema } from "@/gen/observe/reports/v1/stickiness_pb";
import { type QueryTrendsRequest, QueryTrendsRequestSchema } from "@/gen/observe/reports/v1/trends_pb";
import { effectiveInterval } from "./interval";
import { MATH_INFO } from "./maths";
import { type EventState, isWhole, type Question, STEPS_MIN, windowSeconds } from "./question";
import { INTERVAL_WIRE, ORDER_WIRE, PERIOD_WIRE, STEPS_WIRE } from "./wire";

/** What a question means only together with: whose project, where, and when it is asked. */
export interface Asker {
  projectId: string;
  timeZone: string;
  /** Milliseconds since 1970. */
  now: number;
}

const toEvent = ({ event, filter }: EventState) => ({ event, filter: toFilter(filter) });

/** What all kinds of question have. */
function common(question: Question, { projectId, timeZone, now }: Asker) {
  const range = resolveRange(question.range, timeZone, now);
  return {
    whole: { projectId, range: toTimeRange(range), filter: toFilter(question.filter) },
    overTime: { timeZone, interval: INTERVAL_WIRE[effectiveInterval(question.interval, range)] },
    breakdown: question.breakdown ? toBreakdown(question.breakdown) : undefined,
  };
}

/** The trends question on the wire; `null` while a series lacks its property, or there is none. */
export function toTrendsRequest(question: Question, asker: Asker): QueryTrendsRequest | null {
  if (question.series.length === 0 || !question.series.every(isWhole)) return null;
  const { whole, overTime, breakdown } = common(question, asker);
  return create(QueryTrendsRequestSchema, {
    ...whole,
    ...overTime,
    series: question.series.map(({ math, property, ...event }) => ({
      ...toEvent(event),
      math: MATH_INFO[math].wire,
      mathProperty: MATH_INFO[math].ofProperty ? property : "",
    })),
    breakdown,
    formula: question.formula.trim(),
    comparePrevious: question.compare,
    groupType: question.groupType,
  });
}

/** The funnel question on the wire; `null` while there are too few steps to ask. */
export function toFunnelRequest(question: Question, asker: Asker): QueryFunnelRequest | null {
  if (question.steps.length < STEPS_MIN) return null;
  const { whole, breakdown } = common(question, asker);
  const any = question.order === "any";
  return create(QueryFunnelRequestSchema, {
    ...whole,
    steps: question.steps.map(({ optional, ...event }, index) => ({ ...toEvent(event), optional: optional && index > 0 && !any })),
    window: durationFromMs(windowSeconds(question.window) * 1000),
    order: ORDER_WIRE[question.order],
    breakdown,
    // What may not happen between steps has no meaning where steps have no order.
    exclusions: any ? [] : question.exclusions.map(({ after, before, ...event }) => ({ ...toEvent(event), afterStep: after, beforeStep: before })),
    groupType: question.groupType,
  });
}

/** The same funnel by the time it was entered. */
export function toFunnelTrendRequest(question: Question, asker: Asker): QueryFunnelTrendRequest | null {
  const funnel = toFunnelRequest({ ...question, breakdown: null }, asker);
  return funnel && create(QueryFunnelTrendRequestSchema, { funnel, ...common(question, asker).overTime });
}

/** The retention question on the wire. */
export function toRetentionRequest(question: Question, asker: Asker): QueryRetentionRequest {
  const { start, back, period, periods, recurring, orAfter, rolling } = question.retention;
  return create(QueryRetentionRequestSchema, {
    ...common(question, asker).whole,
    timeZone: asker.timeZone,
    period: PERIOD_WIRE[period],
    periods,
    startEvent: toEvent(start),
    returnEvent: toEvent(back),
    kind: recurring ? WireKind.RECURRING : WireKind.FIRST_TIME,
    counting: orAfter ? WireCounting.ON_OR_AFTER : WireCounting.ON,
    windows: rolling ? WireWindows.ROLLING : WireWindows.CALENDAR,
    groupType: question.groupType,
  });
}

/** The lifecycle question on the wire. */
export function toLifecycleRequest(question: Question, asker: Asker): QueryLifecycleRequest {
  const { whole, overTime } = common(question, asker);
  return create(QueryLifecycleRequestSchema, { ...whole, ...overTime, event: question.active, groupType: question.groupType });
}

/** The stickiness question on the wire; `null` while there is no series. */
export function toStickinessRequest(question: Question, asker: Asker): QueryStickinessRequest | null {
  if (question.series.length === 0) return null;
  const { whole, overTime } = common(question, asker);
  return create(QueryStickinessRequestSchema, { ...whole, ...overTime, series: question.series.map(toEvent), groupType: question.groupType });
}

/** The paths question on the wire. */
export function toPathsRequest(question: Question, asker: Asker): QueryPathsRequest {
  const { steps, start, end, depth, links } = question.paths;
  return create(QueryPathsRequestSchema, {
    ...common(question, asker).whole,
    steps: STEPS_WIRE[steps],
    startPoint: start,
    endPoint: end,
    maxSteps: depth,
    limit: links,
  });
}
