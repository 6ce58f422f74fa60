import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Breakdown, Breakdown_Attribution, type BreakdownSchema } from "@/gen/observe/reports/v1/breakdown_pb";
import { fromScope, type PropertyScope, SCOPE_INFO, scopeOfLetter, toScope } from "./filter";
import { escapeToken, unescapeToken } from "./tokens";

export const ATTRIBUTIONS = ["first", "last", "all", "step"] as const;
export type Attribution = (typeof ATTRIBUTIONS)[number];

export interface BreakdownState {
  /** The property's key; empty for cohorts. */
  property: string;
  scope: PropertyScope;
  /** How many values to tell apart, 1-100. */
  limit: number;
  /** Which event of a person's decides its value; funnels only. */
  attribution: Attribution;
  /** Of the attribution "step": which step, from 1; else 1. */
  step: number;
  /** Of the scope "cohort": the ids of cohorts, 1-25. */
  cohorts: readonly string[];
}

export const BREAKDOWN_LIMIT = 25;
const BREAKDOWN_LIMIT_MAX = 100;
export const BREAKDOWN_COHORTS_MAX = 25;

const ATTRIBUTION_WIRE: Record<Attribution, Breakdown_Attribution> = {
  first: Breakdown_Attribution.FIRST_TOUCH,
  last: Breakdown_Attribution.LAST_TOUCH,
  all: Breakdown_Attribution.ALL_STEPS,
  step: Breakdown_Attribution.STEP,
};

/** A breakdown as it is when only its property was chosen. */
export function newBreakdown(scope: PropertyScope, property: string, cohorts: readonly string[] = []): BreakdownState {
  return { property, scope, limit: BREAKDOWN_LIMIT, attribution: "first", step: 1, cohorts };
}

/** The breakdown as questions want it. */
export function toBreakdown({ property, scope, limit, attribution, step, cohorts }: BreakdownState): MessageInitShape<typeof BreakdownSchema> {
  return {
    property,
    scope: toScope(scope),
    limit,
    attribution: ATTRIBUTION_WIRE[attribution],
    attributionStep: attribution === "step" ? step : 0,
    cohortIds: scope === "cohort" ? [...cohorts] : [],
  };
}

/** A breakdown of a question, for changing it. */
export function fromBreakdown(breakdown: Breakdown | undefined): BreakdownState | null {
  if (!breakdown) return null;
  const attribution = ATTRIBUTIONS.find((one) => ATTRIBUTION_WIRE[one] === breakdown.attribution) ?? "first";
  return {
    ...newBreakdown(fromScope(breakdown.scope), breakdown.property, breakdown.cohortIds),
    limit: breakdown.limit || BREAKDOWN_LIMIT,
    attribution,
    step: attribution === "step" ? Math.max(1, breakdown.attributionStep) : 1,
  };
}

/** What a person reads in place of the two values that are none. */
export function breakdownName(value: string): string {
  if (value === "$none") return "not set";
  if (value === "$other") return "everything else";
  return value;
}

/** Writes a breakdown for an address: `e,plan`, `p,country,10,last`, `e,plan,25,step2`, `c,<id>,<id>`. */
export function encodeBreakdown({ property, scope, limit, attribution, step, cohorts }: BreakdownState): string {
  const { letter } = SCOPE_INFO[scope];
  if (scope === "cohort") return [letter, ...cohorts.map((id) => escapeToken(id, ","))].join(",");
  const parts = [letter, escapeToken(property, ",")];
  if (limit !== BREAKDOWN_LIMIT || attribution !== "first") parts.push(String(limit));
  if (attribution !== "first") parts.push(attribution === "step" ? `step${step}` : attribution);
  return parts.join(",");
}

/** Reads what `encodeBreakdown` wrote; `null` for anything else. */
export function decodeBreakdown(text: string | null): BreakdownState | null {
  const [letter, ...parts] = (text ?? "").split(",").map(unescapeToken);
  const scope = scopeOfLetter(letter);
  if (scope === "cohort") {
    const ids = parts.filter(Boolean).slice(0, BREAKDOWN_COHORTS_MAX);
    return ids.length === 0 ? null : newBreakdown(scope, "", ids);
  }
  const [property, limit = String(BREAKDOWN_LIMIT), touch = ""] = parts;
  if (!scope || !property) return null;
  const count = /^\d{1,3}$/.test(limit) ? Number(limit) : BREAKDOWN_LIMIT;
  const step = /^step(\d{1,2})$/.exec(touch);
  return {
    ...newBreakdown(scope, property),
    limit: Math.min(Math.max(count, 1), BREAKDOWN_LIMIT_MAX),
    attribution: step ? "step" : (ATTRIBUTIONS.find((one) => one === touch && one !== "step") ?? "first"),
    step: step ? Math.max(1, Number(step[1])) : 1,
  };
}
