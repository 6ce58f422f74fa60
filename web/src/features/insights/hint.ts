import type { BreakdownState } from "@/components/query/breakdown";
import type { FilterState } from "@/components/query/filter";
import { type Hint, Hint_Kind } from "@/gen/observe/reports/v1/hint_pb";
import type { EventState } from "./question";

/** The properties that a part of a question names; what a series takes its math of is one, too. */
function propertiesOf(part: Partial<EventState> & { property?: string }): string[] {
  return [...(part.filter?.conditions.map(({ property }) => property) ?? []), part.property ?? ""].filter(Boolean);
}

/** The hints about one part of a question. */
export function hintsOf(hints: readonly Hint[], part: Partial<EventState> & { property?: string }): Hint[] {
  const properties = propertiesOf(part);
  return hints.filter(({ kind, subject }) => (kind === Hint_Kind.UNKNOWN_EVENT ? subject !== "" && subject === part.event : properties.includes(subject)));
}

/** The part with a name in the place of the one that nobody knows. */
export function repaired<T extends Partial<EventState> & { property?: string }>(part: T, hint: Hint, by: string): T {
  if (hint.kind === Hint_Kind.UNKNOWN_EVENT) return part.event === hint.subject ? { ...part, event: by } : part;
  return {
    ...part,
    ...(part.filter && { filter: repairedFilter(part.filter, hint, by) }),
    ...(part.property === hint.subject && { property: by }),
  };
}

function repairedFilter(filter: FilterState, { subject }: Hint, by: string): FilterState {
  return { ...filter, conditions: filter.conditions.map((one) => (one.property === subject ? { ...one, property: by } : one)) };
}

/** A breakdown as the part of a question that names one property. */
export function breakdownPart(breakdown: BreakdownState | null, filter: FilterState): Partial<EventState> & { property?: string } {
  return { filter, property: breakdown?.property ?? "" };
}
