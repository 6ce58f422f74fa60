import { useMemo } from "react";
import { EventRows } from "@/components/event/EventRow";
import type { SeenEvent } from "@/components/event/event";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { byDay } from "./days";
import { sessionSize, sessionSpan } from "./sessions";
import type { Session } from "./sessions";
import eventStyles from "@/components/event/event.module.css";
import styles from "./timeline.module.css";

interface Look {
  /** The uuid of the event that is open beside the page. */
  open: string | undefined;
  onOpen: (uuid: string) => void;
  /** Whether there are no older events than those loaded. */
  isAll: boolean;
}

/** Sessions under the day on which they began. */
export function SessionDays({ sessions, isAll, ...rows }: Look & { sessions: readonly Session[] }) {
  const timeZone = useTimeZone();
  const days = useMemo(() => byDay(sessions, timeZone), [sessions, timeZone]);
  return days.map((day) => (
    <section key={day.key} aria-label={day.name}>
      <DayHead name={day.name} count={day === days.at(-1) && !isAll ? undefined : day.items.reduce((sum, { events }) => sum + events.length, 0)} />
      {day.items.map((session) => (
        <div key={session.key} className={styles.session} role="group" aria-label={`Session ${sessionSpan(session, timeZone)}`}>
          <h4 className={styles.sessionHead}>
            {sessionSpan(session, timeZone)}
            <span>{sessionSize(session)}</span>
          </h4>
          <div className={styles.events}>
            <Rows events={session.events} {...rows} />
          </div>
        </div>
      ))}
    </section>
  ));
}

/** Events under their day. */
export function EventDays({ events, isAll, ...rows }: Look & { events: readonly SeenEvent[] }) {
  const timeZone = useTimeZone();
  const days = useMemo(() => byDay(events, timeZone), [events, timeZone]);
  return days.map((day) => (
    <section key={day.key} aria-label={day.name}>
      <DayHead name={day.name} count={day === days.at(-1) && !isAll ? undefined : day.items.length} />
      <Rows events={day.items} {...rows} />
    </section>
  ));
}

function DayHead({ name, count }: { name: string; count: number | undefined }) {
  return (
    <h3 className={styles.day}>
      {name}
      <span className="muted">{count}</span>
    </h3>
  );
}

function Rows({ events, open, onOpen }: Omit<Look, "isAll"> & { events: readonly SeenEvent[] }) {
  const timeZone = useTimeZone();
  return (
    <ol className={eventStyles.list}>
      <EventRows events={events} open={events.some(({ uuid }) => uuid === open) ? open : undefined} timeZone={timeZone} saysDay onOpen={onOpen} />
    </ol>
  );
}
