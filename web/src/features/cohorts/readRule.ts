import { create } from "@bufbuild/protobuf";
import { fromFilter } from "@/components/query/filter";
import { Filter_Conjunction as Conjunction, FilterSchema } from "@/gen/observe/common/v1/filter_pb";
import { CohortBehavior_Comparison as WireComparison, type CohortCondition, type CohortRule } from "@/gen/observe/reports/v1/cohort_service_pb";
import { COMPARISONS, type PartState, type RuleState } from "./rule";

/** Reads a rule for the builder; `undefined` for one that the builder cannot show as it is, such as one with nested filters of events. */
export function readRule(rule: CohortRule): RuleState | undefined {
  const parts = rule.conditions.map(readPart);
  const groups = rule.groups.map(readRule);
  if (parts.includes(undefined) || groups.includes(undefined)) return undefined;
  return { match: rule.conjunction === Conjunction.OR ? "any" : "all", parts: parts as PartState[], groups: groups as RuleState[] };
}

function readPart({ kind, negated }: CohortCondition): PartState | undefined {
  if (kind.case === "cohortId") return { kind: "cohort", negated, id: kind.value };
  if (kind.case === "property") {
    const condition = fromFilter(create(FilterSchema, { conditions: [kind.value] }))?.conditions[0];
    return condition && { kind: "property", negated, condition: { ...condition, scope: "person" } };
  }
  if (kind.case !== "behavior") return undefined;
  const { event, comparison, times, days } = kind.value;
  const filter = fromFilter(kind.value.filter);
  if (!filter) return undefined;
  const compared = COMPARISONS.find(({ wire }) => wire === comparison)?.value ?? "at_least";
  const isDefault = times === 0 && (comparison === WireComparison.AT_LEAST || comparison === WireComparison.UNSPECIFIED);
  return { kind: "behavior", negated, event, filter, comparison: compared, times: String(isDefault ? 1 : times), days: String(days === 0 ? 30 : days) };
}
