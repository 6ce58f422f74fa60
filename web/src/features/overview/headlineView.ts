import { timestampMs } from "@bufbuild/protobuf/wkt";
import { exactNumber, plural } from "@/format/number";
import { durationMs, roughLength } from "@/format/time";
import { OverviewItem_Severity as Severity } from "@/gen/observe/reports/v1/overview_service_pb";
import type { GetOverviewResponse, OwnHealth } from "@/gen/observe/reports/v1/overview_service_pb";
import { listed, markOf, toneOf } from "./items";
import type { Tone } from "./items";

/** Older than this, and the page shows old numbers; in milliseconds. The rail's health dot says the same. */
const BEHIND_MS = 10_000;

/** The page in one line. */
export interface Headline {
  shape: string;
  /** `ok` when all is well; `quiet` when nothing is known to be broken, but not all is known. */
  tone: Tone | "ok" | "quiet";
  title: string;
  /** One more sentence; may be empty. */
  text: string;
}

/** What the page says first: how many things are broken, or that nothing is, as far as that can be known. */
export function headlineOf(overview: GetOverviewResponse, now: Date): Headline {
  const items = listed(overview.items);
  const broken = items.filter(({ severity }) => severity !== Severity.NOTICE);
  const notices = items.length - broken.length;
  const behindMs = behind(overview.health)?.ageMs;
  const ago = behindMs === undefined ? "" : `, as of ${roughLength(behindMs)} ago`;
  const worst = items[0];
  if (worst && broken.length > 0) {
    const title = `${broken.length === 1 ? "1 thing is broken" : `${exactNumber(broken.length)} things are broken`}${ago}`;
    return { shape: markOf(worst.kind).shape, tone: toneOf(worst.severity), title, text: notices > 0 ? `${counted(notices)} more to look at.` : "" };
  }
  const blind = behindMs !== undefined || overview.unavailable.length > 0;
  const text = worst ? `${counted(notices)} to look at.` : lastIncident(overview, now);
  if (behindMs !== undefined) return { shape: "○", tone: "quiet", title: `Nothing was broken ${roughLength(behindMs)} ago`, text };
  if (blind) return { shape: "○", tone: "quiet", title: "Nothing is known to be broken", text };
  return { shape: "✓", tone: "ok", title: "Nothing is broken", text };
}

function counted(things: number): string {
  return things === 1 ? "1 thing" : `${exactNumber(things)} things`;
}

function lastIncident({ lastIncidentTime }: GetOverviewResponse, now: Date): string {
  if (!lastIncidentTime) return "No incident in the last 90 days.";
  const minutes = Math.max(0, Math.floor((now.getTime() - timestampMs(lastIncidentTime)) / 60_000));
  return `The last incident ended ${minutes < 1 ? "just now" : `${wholeLength(minutes)} ago`}.`;
}

/** "9 minutes", "1 hour", "3 days": in full words, for a sentence. */
function wholeLength(minutes: number): string {
  if (minutes < 60) return plural(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? plural(hours, "hour") : plural(Math.floor(hours / 24), "day");
}

/** How old the page is. */
export interface Behind {
  ageMs: number;
  /** Accepted events that are not stored yet. */
  pending: bigint;
}

/** How far the page is behind what was accepted; nothing while that does not matter. */
export function behind(health: OwnHealth | undefined): Behind | undefined {
  const pendingMs = health?.oldestPendingAge ? durationMs(health.oldestPendingAge) : 0;
  const projectionMs = health?.projectionAge ? durationMs(health.projectionAge) : 0;
  const ageMs = Math.max(pendingMs, projectionMs);
  return health && ageMs > BEHIND_MS ? { ageMs, pending: health.pending } : undefined;
}

const PARTS: Record<string, string> = { monitor: "monitors", events: "the pipeline of events" };

/** A sentence for what could not be asked; empty when everything could. */
export function unavailableText(parts: readonly string[]): string {
  if (parts.length === 0) return "";
  const names = parts.map((part) => PARTS[part] ?? `“${part}”`);
  const subject = names.join(" and ");
  return `${subject.charAt(0).toUpperCase()}${subject.slice(1)} cannot be asked right now. What ${names.length > 1 || parts[0] === "monitor" ? "they know" : "it knows"} is missing here.`;
}

/** The name of the browser's tab: it says what is broken also while another tab is in front. */
export function tabTitle(overview: GetOverviewResponse): string {
  const broken = listed(overview.items).filter(({ severity }) => severity !== Severity.NOTICE).length;
  return broken > 0 ? `(${broken}) Overview` : "Overview";
}
