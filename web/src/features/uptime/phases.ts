import type { Check } from "@/gen/observe/monitor/v1/monitor_pb";
import { durationMs } from "@/format/time";
import { latencyText } from "@/format/latency";

/** The parts of a check's time, in the order in which they happen. */
export const PHASES = [
  { key: "dns", name: "DNS", color: "var(--series-6)" },
  { key: "connect", name: "Connect", color: "var(--series-5)" },
  { key: "tls", name: "TLS", color: "var(--series-3)" },
  { key: "firstByte", name: "First byte", color: "var(--series-1)" },
  { key: "transfer", name: "Transfer", color: "var(--series-2)" },
] as const;

export interface Phase {
  key: (typeof PHASES)[number]["key"];
  name: string;
  color: string;
  /** When it began, from the start of the check, in milliseconds. */
  start: number;
  /** How long it took, in milliseconds. */
  length: number;
}

/** The phases that were reached, one after the other. */
export function phasesOf(check: Pick<Check, "phases">): Phase[] {
  let start = 0;
  return PHASES.flatMap(({ key, name, color }) => {
    const part = check.phases?.[key];
    if (!part) return [];
    const length = durationMs(part);
    const phase = { key, name, color, start, length };
    start += length;
    return [phase];
  });
}

/** How long a check took, in milliseconds: all of it, else as far as it came; undefined when nothing was timed. */
export function checkLength(check: Pick<Check, "total" | "phases">): number | undefined {
  if (check.total) return durationMs(check.total);
  const last = phasesOf(check).at(-1);
  return last && last.start + last.length;
}

/** The scale that a list of checks shares: the slowest of them. */
export function scaleOf(checks: readonly Pick<Check, "total" | "phases">[]): number {
  return Math.max(1, ...checks.map((check) => checkLength(check) ?? 0));
}

/** The phases as one line, for who cannot see them. */
export function phasesText(phases: readonly Phase[]): string {
  return phases.map(({ name, length }) => `${name} ${latencyText(length)}`).join(", ");
}
