import { plural } from "@/format/number";
import type { DeadLetter } from "@/gen/observe/events/v1/pipeline_service_pb";

/** The most dead letters in one call; a limit of the contract. */
export const REDRIVE_MAX = 1_000;

/** What became of dead letters that were tried again. */
export interface RedriveResult {
  stored: number;
  duplicates: number;
  refused: number;
}

export const NOTHING_REDRIVEN: RedriveResult = { stored: 0, duplicates: 0, refused: 0 };

export function addResults(a: RedriveResult, b: RedriveResult): RedriveResult {
  return { stored: a.stored + b.stored, duplicates: a.duplicates + b.duplicates, refused: a.refused + b.refused };
}

export function triedOf({ stored, duplicates, refused }: RedriveResult): number {
  return stored + duplicates + refused;
}

/** The result as one sentence. */
export function redriveText(result: RedriveResult): string {
  const { stored, duplicates, refused } = result;
  if (triedOf(result) === 0) return "Nothing was left to try: somebody else has done it meanwhile.";
  const parts = [
    stored > 0 && `${plural(stored, "event")} stored`,
    duplicates > 0 && `${plural(duplicates, "duplicate")} of what was stored meanwhile`,
    refused > 0 && `${plural(refused, "event")} refused again`,
  ].filter((part) => part !== false);
  const text = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0]!;
  return `${text}.${refused > 0 ? ` ${refused === 1 ? "It stays" : "They stay"} in the list with the new reason.` : ""}`;
}

/** How many events a dead letter stands for. */
export function eventsOf({ eventCount }: DeadLetter): number {
  return Math.max(1, Number(eventCount));
}
