import { ErrorGroup_Status as Status } from "@/gen/observe/reports/v1/error_service_pb";
import type { ErrorGroup } from "@/gen/observe/reports/v1/error_service_pb";

/** The tabs of the list. */
export const TABS = ["open", "resolved", "ignored", "all"] as const;
export type Tab = (typeof TABS)[number];

export const TAB_NAMES: Record<Tab, string> = { open: "Open", resolved: "Resolved", ignored: "Ignored", all: "All" };

const STATUSES: Record<Tab, Status[]> = { open: [Status.OPEN], resolved: [Status.RESOLVED], ignored: [Status.IGNORED], all: [] };

/** What a tab asks for; all of them when empty. */
export function statusesOf(tab: Tab): Status[] {
  return STATUSES[tab];
}

/** Something to know about a group at a glance. */
export interface GroupMark {
  key: string;
  tone: "neutral" | "info" | "warn" | "bad" | "ok";
  shape: string;
  word: string;
  /** Longer, for hovering. */
  hint: string;
}

/** The marks of a group, the most urgent first. An open one that is neither new nor worse has none. */
export function marksOf(group: Pick<ErrorGroup, "status" | "spikeSinceTime" | "regressed" | "isNew">): GroupMark[] {
  const marks: GroupMark[] = [];
  if (group.spikeSinceTime) marks.push({ key: "spike", tone: "bad", shape: "▲", word: "Spike", hint: "It happens far more often than it used to." });
  if (group.regressed && isOpen(group.status)) marks.push({ key: "regressed", tone: "warn", shape: "↺", word: "Regressed", hint: "It was resolved, and happened again." });
  if (group.isNew) marks.push({ key: "new", tone: "info", shape: "■", word: "New", hint: "First seen in the last 24 hours." });
  if (group.status === Status.RESOLVED) marks.push({ key: "resolved", tone: "ok", shape: "✓", word: "Resolved", hint: "It reopens by itself when it happens again." });
  if (group.status === Status.IGNORED) marks.push({ key: "ignored", tone: "neutral", shape: "○", word: "Ignored", hint: "It raises no alarm, however often it happens." });
  return marks;
}

export function isOpen(status: Status): boolean {
  return status === Status.OPEN || status === Status.UNSPECIFIED;
}

/** Somebody may decide this about a group. */
export interface Decision {
  status: Status;
  verb: string;
  /** Said when it is done. */
  done: string;
}

const RESOLVE: Decision = { status: Status.RESOLVED, verb: "Resolve", done: "Resolved. It reopens when it happens again." };
const IGNORE: Decision = { status: Status.IGNORED, verb: "Ignore", done: "Ignored. It raises no alarm any more." };
const REOPEN: Decision = { status: Status.OPEN, verb: "Reopen", done: "Open again." };

/** What can be decided next, the likeliest first. */
export function decisionsOf(status: Status): Decision[] {
  if (status === Status.RESOLVED) return [REOPEN, IGNORE];
  if (status === Status.IGNORED) return [REOPEN, RESOLVE];
  return [RESOLVE, IGNORE];
}

const SEARCH_BYTES = 200;

/** The search as the server takes it: at most 200 bytes, cut between characters. */
export function searchOf(text: string): string {
  const encoder = new TextEncoder();
  let search = "";
  let size = 0;
  for (const letter of text.trim()) {
    size += encoder.encode(letter).length;
    if (size > SEARCH_BYTES) break;
    search += letter;
  }
  return search;
}
