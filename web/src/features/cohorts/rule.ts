import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ConditionState, type FilterState, isComplete, NO_FILTER, toCondition, toFilter } from "@/components/query/filter";
import { Filter_Conjunction as Conjunction } from "@/gen/observe/common/v1/filter_pb";
import { CohortBehavior_Comparison as WireComparison, type CohortConditionSchema, type CohortRuleSchema } from "@/gen/observe/reports/v1/cohort_service_pb";

export type Comparison = "at_least" | "at_most" | "exactly";

export const COMPARISONS: readonly { value: Comparison; label: string; wire: WireComparison }[] = [
  { value: "at_least", label: "at least", wire: WireComparison.AT_LEAST },
  { value: "at_most", label: "at most", wire: WireComparison.AT_MOST },
  { value: "exactly", label: "exactly", wire: WireComparison.EXACTLY },
];

interface Negatable {
  /** Holds for those for whom it otherwise would not. */
  negated: boolean;
}

/** What a person property is. */
export interface PropertyPart extends Negatable {
  kind: "property";
  condition: ConditionState;
}

/** What a person did. */
export interface BehaviorPart extends Negatable {
  kind: "behavior";
  /** Empty for any event; `null` while none is chosen. */
  event: string | null;
  filter: FilterState;
  comparison: Comparison;
  /** As typed; only whole numbers can be asked. */
  times: string;
  /** As typed; counted back from now. */
  days: string;
}

/** Whether a person is in another cohort. */
export interface CohortPart extends Negatable {
  kind: "cohort";
  /** Empty while none is chosen. */
  id: string;
}

/** One thing that must hold of a person. */
export type PartState = PropertyPart | BehaviorPart | CohortPart;

/** Parts and nested rules, joined by "all" or by "any" of them. */
export interface RuleState {
  match: "all" | "any";
  parts: PartState[];
  groups: RuleState[];
}

export const TIMES_MAX = 1_000_000;
export const DAYS_MAX = 3_650;
/** How deep rules nest, the outermost counted. */
export const DEPTH_MAX = 5;
/** In a rule, all groups counted. */
export const CONDITIONS_MAX = 50;

export const NEW_BEHAVIOR: BehaviorPart = { kind: "behavior", negated: false, event: null, filter: NO_FILTER, comparison: "at_least", times: "1", days: "30" };
export const NO_RULE: RuleState = { match: "all", parts: [], groups: [] };

/** The number that was typed, if it is a whole one in the range. */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  const value = Number(text.trim());
  return /^\d{1,7}$/.test(text.trim()) && value >= least && value <= most ? value : undefined;
}

/** "At least 0 times" would say nothing. */
export function timesLeast(comparison: Comparison): number {
  return comparison === "at_least" ? 1 : 0;
}

/** Whether a part says enough to be asked. */
export function isWholePart(part: PartState): boolean {
  if (part.kind === "property") return isComplete(part.condition);
  if (part.kind === "cohort") return part.id !== "";
  const times = wholeNumber(part.times, timesLeast(part.comparison), TIMES_MAX);
  return part.event !== null && times !== undefined && wholeNumber(part.days, 1, DAYS_MAX) !== undefined;
}

/** How many conditions there are, all groups counted. */
export function conditionCount(rule: RuleState): number {
  return rule.groups.reduce((sum, group) => sum + conditionCount(group), rule.parts.length);
}

/** Whether the rule can be asked: no condition is half written, and neither it nor a group is empty. */
export function isWholeRule({ parts, groups }: RuleState): boolean {
  return parts.length + groups.length > 0 && parts.every(isWholePart) && groups.every(isWholeRule);
}

/** The rule as calls want it. */
export function toRule(rule: RuleState): MessageInitShape<typeof CohortRuleSchema> {
  return {
    conjunction: rule.match === "any" ? Conjunction.OR : Conjunction.AND,
    conditions: rule.parts.map((part) => ({ negated: part.negated, kind: kindOf(part) })),
    groups: rule.groups.map(toRule),
  };
}

function kindOf(part: PartState): MessageInitShape<typeof CohortConditionSchema>["kind"] {
  if (part.kind === "property") return { case: "property", value: toCondition(part.condition) };
  if (part.kind === "cohort") return { case: "cohortId", value: part.id };
  const comparison = COMPARISONS.find(({ value }) => value === part.comparison)?.wire ?? WireComparison.AT_LEAST;
  return {
    case: "behavior",
    value: { event: part.event ?? "", filter: toFilter(part.filter), comparison, times: Number(part.times), days: Number(part.days) },
  };
}
