import { plural } from "@/format/number";
import { Merge_Cause as Cause } from "@/gen/observe/identity/v1/person_service_pb";
import type { Merge } from "@/gen/observe/identity/v1/person_service_pb";
import { said } from "@/features/people/person";

/** What asked for a merge, in words. */
export const MERGE_CAUSES: Record<Cause, string> = {
  [Cause.UNSPECIFIED]: "Not noted",
  [Cause.IDENTIFY]: "$identify",
  [Cause.ALIAS]: "$create_alias",
  [Cause.MERGE_DANGEROUSLY]: "$merge_dangerously",
  [Cause.MERGE_PERSONS]: "By hand",
};

/** Who joined: "visitor-1", "visitor-1 and 2 more ids". */
export function joinedText({ movedDistinctIds, movedCount, sourcePersonId }: Pick<Merge, "movedDistinctIds" | "movedCount" | "sourcePersonId">): string {
  const first = said(movedDistinctIds[0] ?? sourcePersonId);
  const more = Math.max(movedCount, movedDistinctIds.length) - 1;
  return more > 0 ? `${first} and ${plural(more, "more id")}` : first;
}

/** What undoing a merge will do, for the one who has to say yes. */
export function splitText(merge: Pick<Merge, "movedDistinctIds" | "movedCount" | "sourcePersonId">, name: string): string {
  const count = Math.max(merge.movedCount, merge.movedDistinctIds.length, 1);
  const ids = count === 1 ? "That id is" : `These ${plural(count, "id")} are`;
  return (
    `${ids} a person of their own again: events, properties and their history as they were before, and what came since stays on the side it came for. ` +
    `“${said(name)}” keeps the rest. Lists, funnels and counts follow within seconds, also for the past. Nothing is lost by it; merging them again is possible.`
  );
}

/** Whether and why a merge cannot be undone by this user, as a sentence; empty if it can. */
export function splitTrouble(merge: Merge, may: boolean): string {
  if (merge.undoneTime) return "";
  if (!merge.canSplit) return merge.splitTrouble ? sentence(merge.splitTrouble) : "It cannot be undone as things are.";
  return may ? "" : "Members, admins and owners can undo it.";
}

/** The server's phrases begin small and end without a full stop. */
function sentence(phrase: string): string {
  const text = phrase.trim();
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
