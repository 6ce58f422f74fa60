import { conditionText, type FilterState } from "@/components/query/filter";
import { plural } from "@/format/number";
import { COMPARISONS, type PartState, type RuleState } from "./rule";

/** One part in words: `did purchase (amount > 10) at least 3 times in the last 30 days`. Names in it are hostile text. */
export function partText(part: PartState, cohorts: ReadonlyMap<string, string>): string {
  if (part.kind === "cohort") return `${part.negated ? "is not in" : "is in"} ${cohorts.get(part.id) ?? "a cohort"}`;
  if (part.kind === "property") return `${part.negated ? "without" : "with"} ${conditionText(part.condition, cohorts)}`;
  const event = part.event === null ? "an event" : part.event === "" ? "any event" : part.event;
  const comparison = COMPARISONS.find(({ value }) => value === part.comparison)?.label ?? "";
  const where = part.filter.conditions.length > 0 ? ` (${filterText(part.filter, cohorts)})` : "";
  const often = `${comparison} ${Number(part.times) === 1 ? "once" : plural(Number(part.times), "time")}`;
  return `${part.negated ? "did not do" : "did"} ${event}${where} ${often} in the last ${plural(Number(part.days), "day")}`;
}

function filterText({ match, conditions }: FilterState, cohorts: ReadonlyMap<string, string>): string {
  return conditions.map((condition) => conditionText(condition, cohorts)).join(match === "any" ? " or " : " and ");
}

/** The parts of a rule in words, each with how deep it stands and the word before it. */
export interface RuleLine {
  depth: number;
  joint: string;
  text: string;
}

/** A rule in lines, groups indented. */
export function ruleLines(rule: RuleState, cohorts: ReadonlyMap<string, string>, depth = 0): RuleLine[] {
  const word = rule.match === "any" ? "or" : "and";
  const joint = (index: number) => (index === 0 ? "" : word);
  const parts = rule.parts.map((part, index) => ({ depth, joint: joint(index), text: partText(part, cohorts) }));
  const groups = rule.groups.flatMap((group, index) => {
    const lines = ruleLines(group, cohorts, depth + 1);
    const before = joint(rule.parts.length + index);
    return [{ depth, joint: before, text: group.match === "any" ? "any of these:" : "all of these:" }, ...lines];
  });
  return [...parts, ...groups];
}
