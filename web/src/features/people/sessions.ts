import type { SeenEvent } from "@/components/event/event";
import { plural } from "@/format/number";
import { clockTime, roughLength } from "@/format/time";

/** The events of one visit, newest first. */
export interface Session {
  /** The uuid of its latest event: it stays when older events are loaded. */
  key: string;
  events: SeenEvent[];
  /** When it began, as far as is loaded. */
  time: Date;
  end: Date;
  /** Whether its beginning is loaded. */
  isWhole: boolean;
}

/** Below this, a session is told as a moment, in milliseconds. */
const MOMENT_MS = 1_000;

/**
 * Cuts events, newest first, into sessions. `begins` says of each whether the next older one belongs to another session;
 * `isAll`, that there are no older ones than these.
 */
export function bySession(events: readonly SeenEvent[], begins: readonly boolean[], isAll: boolean): Session[] {
  const sessions: Session[] = [];
  let open: SeenEvent[] = [];
  const close = (isWhole: boolean) => {
    const [latest, earliest] = [open[0], open.at(-1)];
    if (latest && earliest) sessions.push({ key: latest.uuid, events: open, time: earliest.time, end: latest.time, isWhole });
    open = [];
  };
  events.forEach((event, index) => {
    open.push(event);
    if (begins[index]) close(true);
  });
  close(isAll);
  return sessions;
}

/** "14:02 – 14:16", the minutes of a time zone. */
export function sessionSpan({ time, end, isWhole }: Session, timeZone: string): string {
  const [from, to] = [minute(time, timeZone), minute(end, timeZone)];
  if (!isWhole) return `until ${to}`;
  return from === to ? from : `${from} – ${to}`;
}

/** "14 min · 34 events"; one whose beginning is not loaded has at least those that are. */
export function sessionSize({ time, end, events, isWhole }: Session): string {
  const count = plural(events.length, "event");
  if (!isWhole) return `${count} and older ones`;
  const length = end.getTime() - time.getTime();
  return length < MOMENT_MS ? count : `${roughLength(length)} · ${count}`;
}

function minute(time: Date, timeZone: string): string {
  return clockTime(time, timeZone).slice(0, 5);
}
