import type { MessageInitShape } from "@bufbuild/protobuf";
import { Breakdown_Attribution, type BreakdownSchema } from "@/gen/observe/reports/v1/breakdown_pb";
import { type PropertyScope, toScope } from "./filter";
import { escapeToken, unescapeToken } from "./tokens";

export type Attribution = "first" | "last";

export interface BreakdownState {
  property: string;
  scope: PropertyScope;
  /** How many values to tell apart, 1-100. */
  limit: number;
  /** Which event of a person's decides its value; funnels only. */
  attribution: Attribution;
}

export const BREAKDOWN_LIMIT = 25;
const BREAKDOWN_LIMIT_MAX = 100;

/** The breakdown as questions want it. */
export function toBreakdown(breakdown: BreakdownState): MessageInitShape<typeof BreakdownSchema> {
  return {
    property: breakdown.property,
    scope: toScope(breakdown.scope),
    limit: breakdown.limit,
    attribution:
      breakdown.attribution === "last" ? Breakdown_Attribution.LAST_TOUCH : Breakdown_Attribution.FIRST_TOUCH,
  };
}

/** What a person reads in place of the two values that are none. */
export function breakdownName(value: string): string {
  if (value === "$none") return "not set";
  if (value === "$other") return "everything else";
  return value;
}

/** Writes a breakdown for an address: `e,plan`, `p,country,10,last`. */
export function encodeBreakdown({ property, scope, limit, attribution }: BreakdownState): string {
  const parts = [scope === "person" ? "p" : "e", escapeToken(property, ",")];
  if (limit !== BREAKDOWN_LIMIT || attribution === "last") parts.push(String(limit));
  if (attribution === "last") parts.push("last");
  return parts.join(",");
}

/** Reads what `encodeBreakdown` wrote; `null` for anything else. */
export function decodeBreakdown(text: string | null): BreakdownState | null {
  const [scope, property, limit = String(BREAKDOWN_LIMIT), touch] = (text ?? "").split(",").map(unescapeToken);
  if ((scope !== "e" && scope !== "p") || !property) return null;
  const count = /^\d{1,3}$/.test(limit) ? Number(limit) : BREAKDOWN_LIMIT;
  return {
    property,
    scope: scope === "p" ? "person" : "event",
    limit: Math.min(Math.max(count, 1), BREAKDOWN_LIMIT_MAX),
    attribution: touch === "last" ? "last" : "first",
  };
}
