import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Incident_Kind, Incident_Severity, IncidentEntry_Kind } from "@/gen/observe/monitor/v1/incident_service_pb";
import type { Incident, IncidentEntry } from "@/gen/observe/monitor/v1/incident_service_pb";
import { lengthText } from "@/charts/numbers";

export interface Mark {
  word: string;
  shape: string;
  tone: "ok" | "warn" | "bad" | "neutral";
}

const KINDS: Partial<Record<Incident_Kind, { word: string; shape: string }>> = {
  [Incident_Kind.MONITOR_DOWN]: { word: "Down", shape: "●" },
  [Incident_Kind.ERROR_SPIKE]: { word: "Errors", shape: "▲" },
  [Incident_Kind.ENDPOINT_FAILING]: { word: "Failing", shape: "▲" },
  [Incident_Kind.ENDPOINT_SLOW]: { word: "Slow", shape: "◆" },
};

/** What kind of trouble it is, in the colour of how bad it is; calm once it is over. */
export function kindMark({ kind, severity, closedTime }: Incident): Mark {
  const { word, shape } = KINDS[kind] ?? { word: "Other", shape: "○" };
  const tone = closedTime ? "neutral" : severity === Incident_Severity.CRITICAL ? "bad" : severity === Incident_Severity.WARNING ? "warn" : "neutral";
  return { word, shape, tone };
}

const SEVERITIES: Partial<Record<Incident_Severity, string>> = {
  [Incident_Severity.CRITICAL]: "Critical: look now",
  [Incident_Severity.WARNING]: "Warning: look today",
  [Incident_Severity.NOTICE]: "Notice: good to know",
};

export function severityText(severity: Incident_Severity): string {
  return SEVERITIES[severity] ?? "No severity";
}

/** Where an incident stands, in words. */
export function stageMark({ closedTime, acknowledgedTime }: Incident): Mark {
  if (closedTime) return { word: "Closed", shape: "✓", tone: "ok" };
  return acknowledgedTime ? { word: "Acknowledged", shape: "◐", tone: "warn" } : { word: "Open", shape: "●", tone: "bad" };
}

/** How long it lasted, or has lasted until now: "9 min", "2 h 5 min". */
export function lastedText({ openedTime, closedTime }: Incident, now: number): string {
  if (!openedTime) return "–";
  const end = closedTime ? timestampMs(closedTime) : now;
  return lengthText(Math.max(0, end - timestampMs(openedTime)));
}

/** Open ones first, then the latest; within each the order of the server stays. */
export function openFirst(all: readonly Incident[]): Incident[] {
  return [...all.filter(({ closedTime }) => !closedTime), ...all.filter(({ closedTime }) => closedTime)];
}

const ENTRIES: Partial<Record<IncidentEntry_Kind, Mark>> = {
  [IncidentEntry_Kind.OPENED]: { word: "Opened", shape: "●", tone: "bad" },
  [IncidentEntry_Kind.CHANGED]: { word: "Changed", shape: "◆", tone: "neutral" },
  [IncidentEntry_Kind.ACKNOWLEDGED]: { word: "Acknowledged", shape: "◐", tone: "warn" },
  [IncidentEntry_Kind.CLOSED]: { word: "Closed by itself", shape: "✓", tone: "ok" },
  [IncidentEntry_Kind.RESOLVED]: { word: "Resolved by hand", shape: "✓", tone: "ok" },
  [IncidentEntry_Kind.ALERT_DELIVERED]: { word: "Alert delivered", shape: "→", tone: "neutral" },
  [IncidentEntry_Kind.ALERT_FAILED]: { word: "Alert not delivered", shape: "✕", tone: "bad" },
};

/** What a line of the timeline says happened. */
export function entryMark({ kind }: Pick<IncidentEntry, "kind">): Mark {
  return ENTRIES[kind] ?? { word: "Noted", shape: "○", tone: "neutral" };
}

/** The page with the evidence; nothing when the server names none, or something that is no path within the project. */
export function evidencePath(link: string): string | undefined {
  const path = link.replace(/^\/+/, "");
  return path === "" || /^[a-z][a-z0-9+.-]*:/i.test(path) || path.split(/[/?#]/).includes("..") ? undefined : path;
}

/** What the evidence is called, by the page that shows it. */
export function evidenceName(link: string): string {
  const page = link.replace(/^\/+/, "").split(/[/?#]/)[0] ?? "";
  return { uptime: "See the monitor", errors: "See the error", endpoints: "See the endpoint" }[page] ?? "See the evidence";
}
