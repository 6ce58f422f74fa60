import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Check_Outcome, Monitor_State } from "@/gen/observe/monitor/v1/monitor_pb";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import type { MonitorSummary } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { plural } from "@/format/number";

/** How a state looks: always a shape and a word, the colour only beside them. */
export interface Look {
  word: string;
  shape: string;
  tone: "ok" | "warn" | "bad" | "neutral";
}

const UNKNOWN: Look = { word: "Unknown", shape: "○", tone: "neutral" };
const STATES: Partial<Record<Monitor_State, Look>> = {
  [Monitor_State.UP]: { word: "Up", shape: "✓", tone: "ok" },
  [Monitor_State.PENDING]: { word: "Pending", shape: "◐", tone: "warn" },
  [Monitor_State.DOWN]: { word: "Down", shape: "●", tone: "bad" },
  [Monitor_State.PAUSED]: { word: "Paused", shape: "‖", tone: "neutral" },
};

export function stateLook(state: Monitor_State): Look {
  return STATES[state] ?? UNKNOWN;
}

const OUTCOMES: Partial<Record<Check_Outcome, Look>> = {
  [Check_Outcome.UP]: { word: "Up", shape: "✓", tone: "ok" },
  [Check_Outcome.DOWN]: { word: "Down", shape: "●", tone: "bad" },
  [Check_Outcome.MISSED]: { word: "Missed", shape: "○", tone: "neutral" },
};

export function outcomeLook(outcome: Check_Outcome): Look {
  return OUTCOMES[outcome] ?? UNKNOWN;
}

/** What needs a look comes first. */
const ORDER = [Monitor_State.DOWN, Monitor_State.UNKNOWN, Monitor_State.PENDING, Monitor_State.UP, Monitor_State.PAUSED];

function rank(state: Monitor_State): number {
  const at = ORDER.indexOf(state);
  return at < 0 ? ORDER.length : at;
}

/** Down first, then by name; those that are down by how long they are, the newest trouble first. */
export function sortMonitors(all: readonly MonitorSummary[]): MonitorSummary[] {
  const since = ({ monitor }: MonitorSummary) => (monitor?.stateSinceTime ? timestampMs(monitor.stateSinceTime) : 0);
  return [...all].sort((a, b) => {
    const [one, two] = [a.monitor?.state ?? Monitor_State.UNSPECIFIED, b.monitor?.state ?? Monitor_State.UNSPECIFIED];
    if (one !== two) return rank(one) - rank(two);
    const byTime = one === Monitor_State.DOWN ? since(b) - since(a) : 0;
    return byTime || (a.monitor?.name ?? "").localeCompare(b.monitor?.name ?? "", undefined, { numeric: true });
  });
}

/** "2 down, 1 pending, 34 up": only what there is. */
export function summarize(all: readonly MonitorSummary[]): string {
  const counts = ORDER.flatMap((state) => {
    const count = all.filter(({ monitor }) => monitor?.state === state).length;
    return count > 0 ? [`${count} ${stateLook(state).word.toLowerCase()}`] : [];
  });
  return counts.length === 1 && all.length > 1 ? `All ${all.length} ${counts[0]?.replace(/^\d+ /, "")}` : counts.join(", ");
}

/** Whether a search finds a monitor: every word of it in the name or the address. */
export function matches({ monitor }: MonitorSummary, search: string): boolean {
  if (!monitor) return false;
  const text = `${monitor.name} ${addressOf(monitor)}`.toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** What is watched, in one line; hostile text. */
export function addressOf(monitor: Monitor): string {
  return monitor.target.case === "http" ? monitor.target.value.url : "Heartbeat";
}

/** "1 minute", "5 minutes", "90 seconds": in the largest unit that goes into it. */
export function lengthWords(seconds: number): string {
  const units: [number, string][] = [[86_400, "day"], [3_600, "hour"], [60, "minute"]];
  const [size, name] = units.find(([one]) => seconds >= one && seconds % one === 0) ?? [1, "second"];
  return plural(Math.round(seconds / size), name);
}

/** "every minute", "every 5 minutes". */
export function everyText(seconds: number): string {
  return `every ${lengthWords(seconds).replace(/^1 /, "")}`;
}

/** The address as a link may have it; nothing for what no browser should follow. */
export function safeHref(url: string): string | undefined {
  return /^https?:\/\//i.test(url) ? url : undefined;
}
