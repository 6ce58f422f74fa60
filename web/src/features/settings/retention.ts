import { shortDate } from "@/format/time";

const DAY_MS = 86_400_000;
/** The longest that can be asked for, in days; a limit of the contract. */
export const DAYS_MAX = 36_500;

/** How long data is kept, in days; 0 is for ever. */
export interface Retention {
  eventDays: number;
  exceptionDays: number;
}

/** Common lengths, in days. */
const PRESETS: readonly { days: number; label: string }[] = [
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 180, label: "180 days" },
  { days: 365, label: "1 year" },
  { days: 730, label: "2 years" },
];

/** A length as it is chosen: the longest there is, a common one by its days, or "other" with days that are typed. */
export interface LengthDraft {
  choice: string;
  days: string;
}

export interface RetentionDraft {
  events: LengthDraft;
  exceptions: LengthDraft;
}

/** What can be chosen; `longest` names the first choice. */
export function choices(longest: string): { value: string; label: string }[] {
  const presets = PRESETS.map(({ days, label }) => ({ value: String(days), label }));
  return [{ value: "", label: longest }, ...presets, { value: "other", label: "Another number of days" }];
}

export function draftOf({ eventDays, exceptionDays }: Retention): RetentionDraft {
  // Errors are never kept longer than events, so "for ever" and "as long as events" are the same to them.
  return { events: lengthOf(eventDays), exceptions: lengthOf(exceptionDays === eventDays ? 0 : exceptionDays) };
}

function lengthOf(days: number): LengthDraft {
  const isPreset = PRESETS.some((preset) => preset.days === days);
  return { choice: days === 0 ? "" : isPreset ? String(days) : "other", days: days === 0 ? "" : String(days) };
}

/** The days of a draft; nothing when they cannot be read. */
function daysOf({ choice, days }: LengthDraft): number | undefined {
  if (choice === "") return 0;
  const text = choice === "other" ? days.trim() : choice;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= DAYS_MAX ? number : undefined;
}

/** What a draft asks for, or what is wrong with which of its fields. */
export function readDraft(draft: RetentionDraft): { retention: Retention } | { problems: Partial<Record<keyof RetentionDraft, string>> } {
  const [events, exceptions] = [daysOf(draft.events), daysOf(draft.exceptions)];
  const wrong = `Give a whole number of days, 1 to ${DAYS_MAX.toLocaleString("en")}.`;
  if (events === undefined || exceptions === undefined) {
    return { problems: { ...(events === undefined && { events: wrong }), ...(exceptions === undefined && { exceptions: wrong }) } };
  }
  if (events > 0 && exceptions > events) return { problems: { exceptions: "Errors are events, too: they cannot be kept longer than those." } };
  return { retention: { eventDays: events, exceptionDays: exceptions || events } };
}

/** How long each kind is kept in effect, in days; Infinity is for ever. */
function effective({ eventDays, exceptionDays }: Retention): { events: number; exceptions: number } {
  const events = eventDays || Infinity;
  return { events, exceptions: Math.min(events, exceptionDays || Infinity) };
}

/** What will be deleted though it would have been kept before: a kind, and the time before which it goes. */
export interface Loss {
  kind: "events" | "errors";
  before: Date;
}

/** What a change takes away; empty when nothing is kept shorter than before. */
export function lossesOf(from: Retention, to: Retention, now: Date): Loss[] {
  const [before, after] = [effective(from), effective(to)];
  const losses: Loss[] = [];
  if (after.events < before.events) losses.push({ kind: "events", before: cutOf(after.events, now) });
  // Where errors only follow the events, they need no words of their own.
  if (after.exceptions < before.exceptions && after.exceptions !== after.events) losses.push({ kind: "errors", before: cutOf(after.exceptions, now) });
  return losses;
}

/** The time before which data goes: whole days of UTC are kept. */
export function cutOf(days: number, now: Date): Date {
  return new Date((Math.floor(now.getTime() / DAY_MS) - days) * DAY_MS);
}

/** "Events from before 3 Sept 2026 and errors from before 1 Nov 2026". */
export function lossText(losses: readonly Loss[]): string {
  const text = losses.map(({ kind, before }) => `${kind} from before ${shortDate(before, "UTC")}`).join(" and ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a length means today, in a sentence; `what` are "Events" or "Errors". */
export function keepText(what: string, length: LengthDraft, longest: string, now: Date): string | undefined {
  const days = daysOf(length);
  if (days === undefined) return undefined;
  if (days === 0) return longest;
  return `${what} are deleted ${days === 1 ? "a day" : `${days.toLocaleString("en")} days`} after they happened: today, those from before ${shortDate(cutOf(days, now), "UTC")}.`;
}
