/** What choices are called in questions, and back. */

import { QueryFunnelRequest_Order as WireOrder } from "@/gen/observe/reports/v1/funnel_pb";
import { Interval as WireInterval } from "@/gen/observe/reports/v1/interval_pb";
import { QueryPathsRequest_Steps as WireSteps } from "@/gen/observe/reports/v1/paths_pb";
import { QueryRetentionRequest_Period as WirePeriod } from "@/gen/observe/reports/v1/retention_pb";
import type { Interval, Order, PathSteps, Period } from "./question";

export const INTERVAL_WIRE: Record<Interval, WireInterval> = {
  hour: WireInterval.HOUR,
  day: WireInterval.DAY,
  week: WireInterval.WEEK,
  month: WireInterval.MONTH,
};
export const ORDER_WIRE: Record<Order, WireOrder> = { ordered: WireOrder.ORDERED, strict: WireOrder.STRICT, any: WireOrder.ANY };
export const PERIOD_WIRE: Record<Period, WirePeriod> = { day: WirePeriod.DAY, week: WirePeriod.WEEK, month: WirePeriod.MONTH };
export const STEPS_WIRE: Record<PathSteps, WireSteps> = { pages: WireSteps.PAGES, events: WireSteps.EVENTS, custom: WireSteps.CUSTOM_EVENTS };

/** The interval that a question means; a day where it names none. */
export function intervalOf(wire: WireInterval | undefined): Interval {
  return keyOf(INTERVAL_WIRE, wire) ?? "day";
}

/** Likewise the period of a retention. */
export function periodOf(wire: WirePeriod | undefined): Period {
  return keyOf(PERIOD_WIRE, wire) ?? "day";
}

/** The order of a funnel's steps. */
export function orderOf(wire: WireOrder): Order {
  return keyOf(ORDER_WIRE, wire) ?? "ordered";
}

/** What a step of a path is. */
export function stepsOf(wire: WireSteps): PathSteps {
  return keyOf(STEPS_WIRE, wire) ?? "pages";
}

function keyOf<K extends string, V>(wire: Record<K, V>, value: V | undefined): K | undefined {
  return (Object.keys(wire) as K[]).find((key) => wire[key] === value);
}
