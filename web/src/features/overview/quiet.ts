import { exactNumber, plural } from "@/format/number";
import type { QuietSummary } from "@/gen/observe/reports/v1/overview_service_pb";

export interface QuietPart {
  text: string;
  /** The page that lists them. */
  page: string;
}

/** What this project could watch and does not: a next step each. */
export function unwatchedParts(quiet: Pick<QuietSummary, "monitors">, requests: number, isBlind: boolean): QuietPart[] {
  const parts: QuietPart[] = [];
  if (!isBlind && quiet.monitors === 0) parts.push({ page: "uptime", text: "uptime" });
  if (requests === 0) parts.push({ page: "endpoints", text: "requests" });
  return parts;
}

/** What is watched and fine, in a few words each; what there is none of is left out. */
export function quietParts(quiet: Pick<QuietSummary, "monitors" | "monitorsUp" | "knownErrors" | "endpointsOk">, isBlind: boolean): QuietPart[] {
  const parts: QuietPart[] = [];
  if (!isBlind && quiet.monitors > 0) {
    const all = quiet.monitorsUp === quiet.monitors;
    parts.push({ page: "uptime", text: all ? `${plural(quiet.monitors, "monitor")} up` : `${exactNumber(quiet.monitorsUp)} of ${plural(quiet.monitors, "monitor")} up` });
  }
  if (quiet.endpointsOk > 0) parts.push({ page: "endpoints", text: `${plural(quiet.endpointsOk, "endpoint")} as usual` });
  if (quiet.knownErrors > 0) parts.push({ page: "errors", text: `${plural(quiet.knownErrors, "known error")} as usual` });
  return parts;
}
