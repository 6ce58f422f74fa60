import { exactNumber, plural } from "@/format/number";
import { durationMs, roughLength } from "@/format/time";
import type { GetPipelineStatusResponse } from "@/gen/observe/events/v1/pipeline_service_pb";

/** Older than this, and pages show old numbers; in milliseconds. The rail's health dot says the same. */
export const BEHIND_MS = 10_000;
/** Older than this, and it is more than a burst that drains by itself; in milliseconds. */
export const LATE_MS = 60_000;
/** The smallest part of the bar that can be seen, as a share of the whole. */
const SHARE_MIN = 0.006;

/** What becomes of an accepted event. */
export const OUTCOMES = ["stored", "duplicates", "deadLettered", "pending"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const OUTCOME_NAMES: Record<Outcome, string> = {
  stored: "Stored",
  duplicates: "Duplicates",
  deadLettered: "Dead letters",
  pending: "Pending",
};

export interface LedgerPart {
  outcome: Outcome;
  name: string;
  count: bigint;
  /** How much of the bar it is given; what is there at all can be seen. */
  share: number;
}

/** The four parts that accepted events come to, in the order of the sum. */
export function partsOf(status: GetPipelineStatusResponse): LedgerPart[] {
  const counts = OUTCOMES.map((outcome) => status[outcome]);
  const total = counts.reduce((sum, count) => sum + positive(count), 0n);
  const shares = counts.map((count) => (count <= 0n || total === 0n ? 0 : Math.max(SHARE_MIN, Number(count) / Number(total))));
  const whole = shares.reduce((sum, share) => sum + share, 0) || 1;
  return OUTCOMES.map((outcome, index) => ({
    outcome,
    name: OUTCOME_NAMES[outcome],
    count: counts[index]!,
    share: shares[index]! / whole,
  }));
}

function positive(count: bigint): bigint {
  return count > 0n ? count : 0n;
}

/** How many accepted events none of the four parts holds: 0 when it adds up, and for a moment something else under load. */
export function unaccounted(status: GetPipelineStatusResponse): bigint {
  return status.accepted - status.stored - status.duplicates - status.deadLettered - status.pending;
}

/** The bar in words. */
export function ledgerText(status: GetPipelineStatusResponse): string {
  const parts = partsOf(status).map(({ name, count }) => `${name.toLowerCase()} ${exactNumber(count)}`);
  return `Accepted ${exactNumber(status.accepted)}: ${parts.join(", ")}`;
}

/** Something to say, with its shape. */
export interface Saying {
  tone: "ok" | "info" | "warn" | "bad" | "quiet";
  shape: string;
  text: string;
}

/** Whether the sum is right. */
export function balanceOf(status: GetPipelineStatusResponse): Saying {
  const rest = unaccounted(status);
  if (rest === 0n) return { tone: "ok", shape: "✓", text: "Every accepted event is accounted for." };
  const events = plural(rest < 0n ? -rest : rest, "event");
  return { tone: "quiet", shape: "○", text: `${events} just being counted: the queue and the database are asked one after the other.` };
}

/** How long the oldest has waited, in milliseconds; 0 when nothing waits. */
export function ageOf(status: GetPipelineStatusResponse): number {
  return status.oldestPendingAge ? durationMs(status.oldestPendingAge) : 0;
}

/** What the age of the oldest pending event means. The age is that of the whole queue, the count that of the project. */
export function waitingOf(status: GetPipelineStatusResponse): Saying {
  const age = ageOf(status);
  const length = roughLength(age);
  if (status.pending <= 0n && age === 0) return { tone: "ok", shape: "✓", text: "Nothing waits to be stored." };
  if (status.pending <= 0n && age <= BEHIND_MS) return { tone: "ok", shape: "✓", text: "Nothing of this project waits to be stored." };
  const who = status.pending <= 0n ? "Nothing of this project waits, but the queue's oldest event has waited" : "The oldest pending event has waited";
  if (age <= BEHIND_MS) return { tone: "ok", shape: "✓", text: `${who} ${length}, which is normal.` };
  if (age <= LATE_MS) return { tone: "info", shape: "◆", text: `${who} ${length}. That is mostly a burst; pages show numbers that old until it is through.` };
  return { tone: "warn", shape: "▲", text: `${who} ${length}. Pages show numbers that old.` };
}

/** A count at a time, in milliseconds since 1970. */
export interface Sample {
  atMs: number;
  count: bigint;
}

/** Over how long the rate is told, in milliseconds. */
const RATE_MS = 30_000;

/** Adds a sample and forgets those that are too old for the rate. A count that went down is another ledger: it begins anew. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last?.atMs === sample.atMs) return samples;
  if (last && sample.count < last.count) return [sample];
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= RATE_MS), sample];
}

/** Events a second over the samples; nothing before there are two of them. */
export function rateOf(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs <= first.atMs) return undefined;
  return (Number(last.count - first.count) * 1000) / (last.atMs - first.atMs);
}

/** A rate in the unit that reads best. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "none right now";
  if (perSecond >= 10) return `${exactNumber(Math.round(perSecond))} a second now`;
  if (perSecond >= 1) return `${exactNumber(Math.round(perSecond * 10) / 10)} a second now`;
  return `${exactNumber(Math.max(1, Math.round(perSecond * 60)))} a minute now`;
}
