import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { EventService, PropertyDefinition_Type } from "@/gen/observe/events/v1/event_service_pb";
import type { QueryFunnelRequest } from "@/gen/observe/reports/v1/funnel_pb";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { type QueryTrendsRequest, TrendsSeries_Math } from "@/gen/observe/reports/v1/trends_pb";

const LONG = `<img src=x onerror=alert(1)> ${"a very long event name ".repeat(9)}`.slice(0, 200);
const PLANS = ["free", "pro", "team", "enterprise", "trial", "student", "legacy", "partner"];
const STEP_MS = { [Interval.HOUR]: 3_600_000, [Interval.WEEK]: 7 * 86_400_000, [Interval.MONTH]: 30 * 86_400_000 };

/** Answers that look like those of a shop: more by day than by night, less at weekends. */
export function addFixtures(router: ConnectRouter, variant: string): void {
  const names = ["page_view", "button_clicked", "signup_started", "signup_completed", "checkout_started", "purchase", "$identify"];
  if (variant === "long") names.unshift(LONG, `${"W".repeat(199)}!`);
  if (variant === "long") {
    router.rpc(EventService.method.listEventDefinitions, () => ({
      eventDefinitions: names.map((name, index) => ({ name, eventCount: BigInt(Math.round(2_100_000 / (index + 1))) })),
    }));
  }
  router.rpc(EventService.method.listPropertyDefinitions, () => ({
    propertyDefinitions: ["plan", "path", "amount", "$browser", variant === "long" ? LONG.slice(0, 190) : "campaign"].map((key, index) => ({
      key,
      type: PropertyDefinition_Type.STRING,
      eventCount: BigInt(90_000 - index * 7_000),
    })),
  }));
  router.rpc(EventService.method.listPropertyValues, ({ search }) => ({
    values: [...PLANS, LONG].filter((value) => value.includes(search)).map((value, index) => ({ value, eventCount: BigInt(4_000 - index * 311) })),
  }));
  router.rpc(InsightService.method.queryTrends, async (request) => {
    if (variant === "waiting") await new Promise(() => undefined);
    failIfAsked(variant, request.series.length);
    return { series: request.series.flatMap((_, index) => trendsOf(request, index)) };
  });
  router.rpc(InsightService.method.queryFunnel, (request) => {
    failIfAsked(variant, request.steps.length);
    const values = request.breakdown ? [...PLANS, variant === "long" ? LONG : "$none", "$other"] : [];
    return {
      steps: stepsOf(request, 12_408),
      breakdowns: values.map((value, index) => ({ value, steps: stepsOf(request, Math.round(4_000 / (index + 1))) })),
    };
  });
}

function failIfAsked(variant: string, count: number): void {
  if (variant === "loading") throw fail(Code.Unavailable, "loading", "PROJECTION_LOADING");
  if (variant === "fault") throw fail(Code.Internal, "quote request 0198c5a2 when you ask for help", "INTERNAL");
  if (variant === "invalid" || count > 12) {
    throw fail(Code.InvalidArgument, "invalid", "INVALID_REQUEST", {
      "series[0].filter.conditions[0].values[0]": "must be a regular expression",
      "steps[1].filter": "must have at most 50 conditions, all groups counted",
      "range.end_time": "must be later than start_time",
      time_zone: "must be an IANA time zone",
    });
  }
}

function trendsOf(request: QueryTrendsRequest, index: number) {
  const { event = "", math } = request.series[index] ?? {};
  const shared = request.series.filter((one) => one.event === event).length > 1;
  const kind = math === TrendsSeries_Math.UNIQUE_PERSONS ? "unique persons" : "total";
  const label = `${event === "" ? "any event" : event}${shared ? ` (${kind})` : ""}`;
  const size = (kind === "total" ? 900 : 260) / (index * 0.4 + 1);
  const values = request.breakdown ? [...PLANS, "$none", "$other"].slice(0, request.breakdown.limit + 1) : [""];
  return values.map((breakdownValue, place) => {
    const points = pointsOf(request, size / (place * 0.6 + 1), index * 3 + place);
    const total = points.reduce((sum, { value }) => sum + value, 0);
    return { label, breakdownValue, points, total: kind === "total" ? total : Math.round(total * 0.6) };
  });
}

function pointsOf(request: QueryTrendsRequest, size: number, seed: number) {
  const start = request.range?.startTime ? timestampMs(request.range.startTime) : 0;
  const end = request.range?.endTime ? timestampMs(request.range.endTime) : 0;
  const step = STEP_MS[request.interval as keyof typeof STEP_MS] ?? 86_400_000;
  const points = [];
  for (let time = start; time < end; time += step) {
    const wave = 1 + 0.4 * Math.sin(time / 3e7 + seed) + 0.25 * Math.sin(time / 7e7 + seed * 2);
    const passed = Math.min(1, Math.max(0, (Date.now() - time) / step));
    points.push({ startTime: timestampFromMs(time), value: Math.round((size * wave * passed * step) / 86_400_000) });
  }
  return points;
}

function stepsOf({ steps }: QueryFunnelRequest, first: number) {
  return steps.map(({ event }, index) => ({
    event,
    persons: BigInt(Math.round(first * 0.46 ** index)),
    conversionFromFirst: 0.46 ** index,
    conversionFromPrevious: index === 0 ? 1 : 0.46,
    medianTimeToConvert: index === 0 ? undefined : durationFromMs(97_000 * index ** 3),
  }));
}
