import { timestampDate } from "@bufbuild/protobuf/wkt";
import { OverviewItem_Kind as Kind, OverviewItem_Severity as Severity } from "@/gen/observe/reports/v1/overview_service_pb";
import type { OverviewItem } from "@/gen/observe/reports/v1/overview_service_pb";

/** What colour a row speaks in; a shape and a word always say the same. */
export type Tone = "bad" | "warn" | "info";

/** A kind of trouble, for eyes that see no colours, and for ears. */
export interface Mark {
  shape: string;
  word: string;
}

const MARKS: Record<Kind, Mark> = {
  [Kind.UNSPECIFIED]: { shape: "○", word: "Trouble" },
  [Kind.MONITOR_DOWN]: { shape: "●", word: "Down" },
  [Kind.ERROR_SPIKE]: { shape: "▲", word: "Spike" },
  [Kind.ERROR_NEW]: { shape: "■", word: "New error" },
  [Kind.ENDPOINT_FAILING]: { shape: "▲", word: "Failing" },
  [Kind.ENDPOINT_SLOW]: { shape: "◆", word: "Slow" },
  [Kind.INGEST_LAG]: { shape: "◆", word: "Behind" },
  [Kind.STORE_TROUBLE]: { shape: "●", word: "Store" },
};

/** The mark of a kind; one that this dashboard does not know yet is trouble all the same. */
export function markOf(kind: Kind): Mark {
  return MARKS[kind] ?? MARKS[Kind.UNSPECIFIED];
}

export function toneOf(severity: Severity): Tone {
  if (severity === Severity.CRITICAL) return "bad";
  return severity === Severity.WARNING ? "warn" : "info";
}

/** What is listed: as the server ranked it. That ingest is behind is said above the list, because then the list is old. */
export function listed(items: readonly OverviewItem[]): OverviewItem[] {
  return items.filter(({ kind }) => kind !== Kind.INGEST_LAG);
}

/** A name that stays the same while the trouble does, also when its place in the list changes. */
export function keyOf(item: OverviewItem): string {
  return `${item.kind} ${item.subject || item.link || item.title}`;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** "since 14:02, 9 min": the time of day while it is short ago, with the date when it is not. */
export function sinceText(item: Pick<OverviewItem, "sinceTime">, now: Date, timeZone: string): string {
  if (!item.sinceTime) return "";
  const since = timestampDate(item.sinceTime);
  const passed = Math.max(0, now.getTime() - since.getTime());
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(since);
  const day = passed < 12 * HOUR_MS ? "" : `${new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone }).format(since)}, `;
  return `since ${day}${clock}, ${lengthText(passed)}`;
}

/** "less than a minute", "9 min", "2 h 5 min", "3 d". */
function lengthText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute";
  if (ms < HOUR_MS) return `${minutes} min`;
  if (ms < DAY_MS) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
  return `${Math.floor(ms / DAY_MS)} d`;
}
