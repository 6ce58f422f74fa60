import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { fromBreakdown } from "@/components/query/breakdown";
import { fromFilter } from "@/components/query/filter";
import { DEFAULT_RANGE, lastHours, lastRange, type TimeRangeState, writeLocal } from "@/components/query/range";
import { durationMs } from "@/format/time";
import type { Filter } from "@/gen/observe/common/v1/filter_pb";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import type { QueryFunnelRequest } from "@/gen/observe/reports/v1/funnel_pb";
import {
  type QueryRetentionRequest,
  QueryRetentionRequest_Counting as WireCounting,
  QueryRetentionRequest_Kind as WireKind,
  QueryRetentionRequest_Windows as WireWindows,
} from "@/gen/observe/reports/v1/retention_pb";
import { type InsightQuery, InsightQuerySchema, type SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { mathOf } from "../maths";
import {
  DEFAULT_WINDOW,
  EMPTY_QUESTION,
  type EventState,
  FUNNEL_SHOWS,
  type Kind,
  type Question,
  type WindowState,
  WINDOW_UNITS,
  windowSeconds,
} from "../question";
import { encodeQuestion, queryString } from "../questionUrl";
import {
  type Asker,
  toFunnelRequest,
  toLifecycleRequest,
  toPathsRequest,
  toRetentionRequest,
  toStickinessRequest,
  toTrendsRequest,
} from "../request";
import { intervalOf, orderOf, periodOf, stepsOf } from "../wire";

const HOUR_MS = 3_600_000;

/** A question as it is saved; `null` while it cannot be asked. */
export function toInsightQuery(question: Question, asker: Asker): InsightQuery | null {
  const kind = kindOf(question, asker);
  if (!kind) return null;
  const hours = lastHours(question.range);
  return create(InsightQuerySchema, { kind, ...(hours !== null && { last: durationFromMs(hours * HOUR_MS) }) });
}

function kindOf(question: Question, asker: Asker) {
  switch (question.tab) {
    case "trends": {
      const value = toTrendsRequest(question, asker);
      return value && ({ case: "trends", value } as const);
    }
    case "funnel": {
      const value = toFunnelRequest(question, asker);
      return value && ({ case: "funnel", value } as const);
    }
    case "retention":
      return { case: "retention", value: toRetentionRequest(question, asker) } as const;
    case "lifecycle":
      return { case: "lifecycle", value: toLifecycleRequest(question, asker) } as const;
    case "stickiness": {
      const value = toStickinessRequest(question, asker);
      return value && ({ case: "stickiness", value } as const);
    }
    case "paths":
      return { case: "paths", value: toPathsRequest(question, asker) } as const;
    case "saved":
      return null;
  }
}

/** How a question is shown, as it is saved beside it. */
export function displayOf(question: Question): string {
  if (question.tab === "trends") return question.display;
  if (question.tab === "funnel") return question.show;
  return question.tab === "retention" ? question.retention.cells : "";
}

/** The kind of a saved question. */
export function savedKind({ query }: SavedInsight): Kind | undefined {
  return query?.kind.case;
}

/**
 * A saved question, for changing it on the page; `null` for one that says more than the page can show, such as filters in
 * groups, which only calls can make.
 */
export function fromSavedInsight({ query, display }: SavedInsight, timeZone: string): Question | null {
  if (!query?.kind.case) return null;
  const { filter, range } = query.kind.value;
  const whole = fromFilter(filter);
  const own = ownPart(query);
  if (!whole || !own) return null;
  const question = { ...EMPTY_QUESTION, ...own, filter: whole, range: rangeOf(query, range, timeZone), groupType: "groupType" in query.kind.value ? query.kind.value.groupType : "" };
  return withDisplay(question, display);
}

/** The address of a saved question on the insights page, without the page. */
export function savedSearch(insight: SavedInsight, timeZone: string): string {
  const question = fromSavedInsight(insight, timeZone);
  const params = question ? encodeQuestion(question) : new URLSearchParams();
  params.set("saved", insight.id);
  return queryString(params);
}

/** What identifies a question apart from how it is shown elsewhere: two that mean the same read the same. */
export function essence(question: Question, asker: Asker): string {
  const query = toInsightQuery(question, asker);
  const again = query && fromSavedInsight({ query, display: displayOf(question) } as SavedInsight, asker.timeZone);
  return again ? queryString(encodeQuestion(again)) : "";
}

function withDisplay(question: Question, display: string): Question {
  if (question.tab === "trends") return { ...question, display: display === "bars" ? "bars" : "lines" };
  if (question.tab === "funnel") return { ...question, show: FUNNEL_SHOWS.find((one) => one === display) ?? "steps" };
  if (question.tab === "retention") return { ...question, retention: { ...question.retention, cells: display === "counts" ? "counts" : "percent" } };
  return question;
}

function rangeOf({ last }: InsightQuery, range: TimeRange | undefined, timeZone: string): TimeRangeState {
  if (last && durationMs(last) > 0) return lastRange(durationMs(last) / HOUR_MS);
  if (!range?.startTime || !range.endTime) return DEFAULT_RANGE;
  return { kind: "custom", from: writeLocal(timestampMs(range.startTime), timeZone), to: writeLocal(timestampMs(range.endTime), timeZone) };
}

/** What only one kind of question has. */
function ownPart({ kind }: InsightQuery): Partial<Question> | null {
  switch (kind.case) {
    case "trends": {
      const { series, formula, comparePrevious, interval, breakdown } = kind.value;
      const states = eventsOf(series);
      const own = states?.map((state, index) => ({ ...state, math: mathOf(series[index]?.math), property: series[index]?.mathProperty ?? "" }));
      return own ? { tab: "trends", series: own, formula, compare: comparePrevious, interval: intervalOf(interval), breakdown: fromBreakdown(breakdown) } : null;
    }
    case "stickiness": {
      const states = eventsOf(kind.value.series);
      return states ? { tab: "stickiness", series: states.map((state) => ({ ...state, math: "total", property: "" })), interval: intervalOf(kind.value.interval) } : null;
    }
    case "funnel":
      return funnelPart(kind.value);
    case "retention":
      return retentionPart(kind.value);
    case "lifecycle":
      return { tab: "lifecycle", active: kind.value.event, interval: intervalOf(kind.value.interval) };
    case "paths": {
      const { steps, startPoint, endPoint, maxSteps, limit } = kind.value;
      const paths = { steps: stepsOf(steps), start: startPoint, end: endPoint, depth: maxSteps || 5, links: limit || 50 };
      return { tab: "paths", paths };
    }
    default:
      return null;
  }
}

function funnelPart({ steps, window, order, exclusions, breakdown }: QueryFunnelRequest): Partial<Question> | null {
  const [states, without] = [eventsOf(steps), eventsOf(exclusions)];
  if (!states || !without) return null;
  return {
    tab: "funnel",
    steps: states.map((state, index) => ({ ...state, optional: steps[index]?.optional ?? false })),
    window: windowOf(window ? durationMs(window) / 1000 : 0),
    order: orderOf(order),
    exclusions: without.map((state, index) => ({ ...state, after: exclusions[index]?.afterStep || 1, before: exclusions[index]?.beforeStep ?? 0 })),
    breakdown: fromBreakdown(breakdown),
  };
}

function retentionPart({ startEvent, returnEvent, period, periods, kind, counting, windows }: QueryRetentionRequest): Partial<Question> | null {
  const [start, back] = eventsOf([startEvent ?? { event: "", filter: undefined }, returnEvent ?? { event: "", filter: undefined }]) ?? [];
  if (!start || !back) return null;
  const retention = {
    ...EMPTY_QUESTION.retention,
    start,
    back,
    period: periodOf(period),
    periods: periods || EMPTY_QUESTION.retention.periods,
    recurring: kind === WireKind.RECURRING,
    orAfter: counting === WireCounting.ON_OR_AFTER,
    rolling: windows === WireWindows.ROLLING,
  };
  return { tab: "retention", retention };
}

/** Events with their filters; `null` if one of the filters says more than the page can show. */
function eventsOf(all: readonly { event: string; filter?: Filter | undefined }[]): EventState[] | null {
  const states = all.flatMap(({ event, filter }) => {
    const known = fromFilter(filter);
    return known ? [{ event, filter: known }] : [];
  });
  return states.length === all.length ? states : null;
}

/** The largest unit that a window is whole in. */
function windowOf(seconds: number): WindowState {
  if (seconds < 60) return DEFAULT_WINDOW;
  const unit = [...WINDOW_UNITS].reverse().find((one) => seconds % windowSeconds({ amount: 1, unit: one }) === 0) ?? "minute";
  return { amount: Math.round(seconds / windowSeconds({ amount: 1, unit })), unit };
}
