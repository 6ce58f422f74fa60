import type { RejectedEvent, RejectionCount } from "@/gen/observe/events/v1/pipeline_service_pb";

/** A rejected event with a key that stays the same while the list is asked for again. */
export interface RejectedRow {
  key: string;
  event: RejectedEvent;
}

/** Rejected events have no id: what tells them apart is when they came and what they were, and the order of those that are alike. */
export function rowsOf(events: readonly RejectedEvent[]): RejectedRow[] {
  const seen = new Map<string, number>();
  // Counted from the oldest on: new ones come on top, and must not move the numbers of those below.
  const rows = [...events].reverse().map((event) => {
    const { receivedTime, code, uuid, name, endpoint } = event;
    const alike = JSON.stringify([String(receivedTime?.seconds), receivedTime?.nanos, code, uuid, name, endpoint]);
    const before = seen.get(alike) ?? 0;
    seen.set(alike, before + 1);
    return { key: `${alike}#${before}`, event };
  });
  return rows.reverse();
}

/** All codes that can be chosen: those counted, those listed, and the one chosen, the most frequent first. */
export function codesOf(counts: readonly RejectionCount[], events: readonly RejectedEvent[], chosen: string): string[] {
  return [...new Set([...counts.map(({ code }) => code), ...events.map(({ code }) => code), chosen])].filter(Boolean);
}

/** How much was rejected, events and requests together. */
export function rejectedTotal(counts: readonly RejectionCount[]): bigint {
  return counts.reduce((sum, { count }) => sum + count, 0n);
}
