import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Condition,
  Condition_Operator,
  type ConditionSchema,
  type Filter,
  Filter_Conjunction,
  type FilterSchema,
  Scope,
} from "@/gen/observe/common/v1/filter_pb";
import { escapeToken, unescapeToken } from "./tokens";

/** Whose property; of a cohort, whether the person is in it. */
export const SCOPES = ["event", "person", "session", "cohort"] as const;
export type PropertyScope = (typeof SCOPES)[number];

interface ScopeInfo {
  name: string;
  wire: Scope;
  /** Its letter in an address. */
  letter: string;
}

export const SCOPE_INFO: Record<PropertyScope, ScopeInfo> = {
  event: { name: "Event", wire: Scope.EVENT, letter: "e" },
  person: { name: "Person", wire: Scope.PERSON, letter: "p" },
  session: { name: "Session", wire: Scope.SESSION, letter: "s" },
  cohort: { name: "Cohort", wire: Scope.COHORT, letter: "c" },
};

/** The scope of a letter in an address. */
export function scopeOfLetter(letter: string | undefined): PropertyScope | undefined {
  return SCOPES.find((scope) => SCOPE_INFO[scope].letter === letter);
}

export const OPERATORS = [
  "is",
  "is_not",
  "contains",
  "not_contains",
  "matches",
  "set",
  "not_set",
  "gt",
  "gte",
  "lt",
  "lte",
] as const;
export type Operator = (typeof OPERATORS)[number];

export interface ConditionState {
  /** The property's key; empty for cohorts. */
  property: string;
  scope: PropertyScope;
  operator: Operator;
  /** Texts to compare with; of cohorts, their ids. */
  values: string[];
}

/** Conditions joined by "all" or by "any" of them; no conditions select everything. */
export interface FilterState {
  match: "all" | "any";
  conditions: ConditionState[];
}

export const NO_FILTER: FilterState = { match: "all", conditions: [] };

const CONDITIONS_MAX = 50;
const VALUES_MAX = 1_000;

interface OperatorInfo {
  name: string;
  wire: Condition_Operator;
  /** How many values it takes. */
  takes: "none" | "number" | "many";
}

export const OPERATOR_INFO: Record<Operator, OperatorInfo> = {
  is: { name: "is", wire: Condition_Operator.EQUALS, takes: "many" },
  is_not: { name: "is not", wire: Condition_Operator.NOT_EQUALS, takes: "many" },
  contains: { name: "contains", wire: Condition_Operator.CONTAINS, takes: "many" },
  not_contains: { name: "does not contain", wire: Condition_Operator.NOT_CONTAINS, takes: "many" },
  matches: { name: "matches", wire: Condition_Operator.MATCHES, takes: "many" },
  set: { name: "is set", wire: Condition_Operator.IS_SET, takes: "none" },
  not_set: { name: "is not set", wire: Condition_Operator.IS_NOT_SET, takes: "none" },
  gt: { name: ">", wire: Condition_Operator.GREATER, takes: "number" },
  gte: { name: "≥", wire: Condition_Operator.GREATER_OR_EQUAL, takes: "number" },
  lt: { name: "<", wire: Condition_Operator.LESS, takes: "number" },
  lte: { name: "≤", wire: Condition_Operator.LESS_OR_EQUAL, takes: "number" },
};

/** Whether a condition says enough to be asked. */
export function isComplete(condition: ConditionState): boolean {
  if (condition.scope === "cohort") return (condition.operator === "is" || condition.operator === "is_not") && condition.values.length > 0;
  if (condition.property === "") return false;
  const { takes } = OPERATOR_INFO[condition.operator];
  if (takes === "none") return true;
  if (takes === "number") return condition.values.length === 1 && isNumber(condition.values[0] ?? "");
  return condition.values.length > 0;
}

/** Whether text is a finite number as questions understand it. */
export function isNumber(text: string): boolean {
  return text.trim() !== "" && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text.trim()) && Number.isFinite(Number(text));
}

/** A condition in words: `plan is pro or team`, `in Paying customers`. Cohorts are called by the name that `cohorts` has for their id. */
export function conditionText({ property, scope, operator, values }: ConditionState, cohorts?: ReadonlyMap<string, string>): string {
  if (scope === "cohort") {
    return `${operator === "is_not" ? "not in" : "in"} ${values.map((id) => cohorts?.get(id) ?? "a cohort").join(" or ")}`;
  }
  const { name, takes } = OPERATOR_INFO[operator];
  return takes === "none" ? `${property} ${name}` : `${property} ${name} ${values.join(" or ")}`;
}

/** A condition as questions want it. */
export function toCondition(condition: ConditionState): MessageInitShape<typeof ConditionSchema> {
  const { wire, takes } = OPERATOR_INFO[condition.operator];
  return {
    property: condition.property,
    scope: toScope(condition.scope),
    operator: wire,
    values: takes === "none" ? [] : condition.values,
  };
}

/** A filter as questions want it; none for one that selects everything. */
export function toFilter(filter: FilterState): MessageInitShape<typeof FilterSchema> | undefined {
  const conditions = filter.conditions.filter(isComplete).map(toCondition);
  if (conditions.length === 0) return undefined;
  return {
    conjunction: filter.match === "any" ? Filter_Conjunction.OR : Filter_Conjunction.AND,
    conditions,
  };
}

/** A filter of a question, for changing it; `null` for one that says more than conditions joined in one way. */
export function fromFilter(filter: Filter | undefined): FilterState | null {
  if (!filter || (filter.conditions.length === 0 && filter.groups.length === 0)) return NO_FILTER;
  if (filter.groups.length > 0) return null;
  const conditions = filter.conditions.map(fromCondition);
  return { match: filter.conjunction === Filter_Conjunction.OR ? "any" : "all", conditions };
}

function fromCondition({ property, scope, operator, values }: Condition): ConditionState {
  const same = { [Condition_Operator.UNSPECIFIED]: "is", [Condition_Operator.IN]: "is", [Condition_Operator.NOT_IN]: "is_not" } as const;
  const known = OPERATORS.find((one) => OPERATOR_INFO[one].wire === operator);
  return {
    property,
    scope: fromScope(scope),
    operator: known ?? same[operator as keyof typeof same] ?? "is",
    values: [...values],
  };
}

/** Whose property a question means. */
export function fromScope(scope: Scope): PropertyScope {
  return SCOPES.find((one) => SCOPE_INFO[one].wire === scope) ?? "event";
}

/** Whose property, as questions want it. */
export function toScope(scope: PropertyScope): Scope {
  return SCOPE_INFO[scope].wire;
}

/** Writes a filter for an address: `any;e,plan,is,pro,team;p,email,set`. Empty for one that selects everything. */
export function encodeFilter(filter: FilterState): string {
  const parts = filter.conditions.filter(isComplete).map(({ scope, property, operator, values }) =>
    [SCOPE_INFO[scope].letter, property, operator, ...(OPERATOR_INFO[operator].takes === "none" ? [] : values)]
      .map((part) => escapeToken(part, ",;|"))
      .join(","),
  );
  if (parts.length > 0 && filter.match === "any") parts.unshift("any");
  return parts.join(";");
}

/** Reads what `encodeFilter` wrote, leaving out what makes no sense. */
export function decodeFilter(text: string | null): FilterState {
  if (!text) return NO_FILTER;
  const parts = text.split(";");
  const match = parts[0] === "any" ? "any" : "all";
  const conditions = parts.slice(match === "any" ? 1 : 0).flatMap((part) => {
    const condition = decodeCondition(part);
    return condition && isComplete(condition) ? [condition] : [];
  });
  return conditions.length === 0 ? NO_FILTER : { match, conditions: conditions.slice(0, CONDITIONS_MAX) };
}

function decodeCondition(text: string): ConditionState | null {
  const [letter, property = "", name, ...values] = text.split(",").map(unescapeToken);
  const operator = OPERATORS.find((one) => one === name);
  const scope = scopeOfLetter(letter);
  if (!operator || !scope) return null;
  const kept = OPERATOR_INFO[operator].takes === "none" ? [] : values.slice(0, VALUES_MAX);
  return { scope, property: scope === "cohort" ? "" : property, operator, values: kept };
}
