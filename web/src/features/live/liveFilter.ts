import type { MessageInitShape } from "@bufbuild/protobuf";
import { decodeFilter, encodeFilter, NO_FILTER, toCondition } from "@/components/query";
import type { FilterState } from "@/components/query";
import type { EventFilterSchema } from "@/gen/observe/events/v1/event_service_pb";
import { listParam, textParam } from "@/hooks/useUrlState";
import type { Param } from "@/hooks/useUrlState";

const whereParam: Param<FilterState> = { fallback: NO_FILTER, read: decodeFilter, write: encodeFilter };

/** What the live page keeps in its address. */
export const LIVE_SHAPE = { events: listParam(), id: textParam(), where: whereParam };

export interface LiveState {
  events: readonly string[];
  /** A distinct id. */
  id: string;
  where: FilterState;
}

export function toEventFilter({ events, id, where }: LiveState): MessageInitShape<typeof EventFilterSchema> {
  return { names: [...events], distinctIds: id ? [id] : [], properties: where.conditions.map(toCondition) };
}

export function isFiltered({ events, id, where }: LiveState): boolean {
  return events.length > 0 || id !== "" || where.conditions.length > 0;
}

/** Adds "this property is that value", unless it is there. */
export function withCondition(where: FilterState, property: string, value: string): FilterState {
  const has = where.conditions.some((one) => one.property === property && one.operator === "is" && one.values.includes(value));
  if (has) return where;
  return { ...where, conditions: [...where.conditions, { property, scope: "event", operator: "is", values: [value] }] };
}
