import { exactNumber, plural } from "@/format/number";
import { durationMs, roughLength } from "@/format/time";
import type { OwnHealth } from "@/gen/observe/reports/v1/overview_service_pb";
import { behind } from "./headlineView";

export interface OwnHealthView {
  tone: "ok" | "warn" | "quiet";
  shape: string;
  parts: string[];
}

/** How Observe itself is, in a few short parts. */
export function ownHealth(health: OwnHealth, isKnown: boolean): OwnHealthView {
  const projectionMs = health.projectionAge ? durationMs(health.projectionAge) : 0;
  const shown = `this page is ${roughLength(projectionMs)} behind what is stored`;
  if (!isKnown) return { tone: "quiet", shape: "○", parts: ["the pipeline of events cannot be asked", shown] };
  const pendingMs = health.oldestPendingAge ? durationMs(health.oldestPendingAge) : 0;
  const waiting = health.pending === 0n ? "no event waits to be stored" : `${plural(health.pending, "event")} on the way, the oldest for ${roughLength(pendingMs)}`;
  const parts = [waiting, shown];
  if (health.deadLettered > 0n) parts.push(`${exactNumber(health.deadLettered)} set aside because they could not be stored`);
  const well = health.deadLettered === 0n && behind(health) === undefined;
  return { tone: well ? "ok" : "warn", shape: well ? "✓" : "▲", parts };
}
