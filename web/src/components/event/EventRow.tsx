import { memo } from "react";
import { cx } from "@/components/cx";
import { RowButton } from "@/components/RowButton";
import { eventSubject, shortId } from "./event";
import type { SeenEvent } from "./event";
import { encodePersonKey } from "./personKey";
import { rowInstant, rowTime } from "./times";
import { rowId } from "./useWalk";
import styles from "./event.module.css";

/** What all rows of a list have in common. */
export interface RowLook {
  timeZone: string;
  /** The address that a person's key is put behind; without one, the person is not shown. */
  peoplePath?: string;
  /** The list has headings of days, so rows say only the time of day. */
  saysDay?: boolean;
  onOpen: (uuid: string) => void;
}

/**
 * Events that came together, newest first: a part of a list that is drawn once, and again only when one of them is opened
 * or closed. `open` is given only to the part that has it.
 */
export const EventRows = memo(function EventRows({ events, open, ...look }: RowLook & { events: readonly SeenEvent[]; open: string | undefined }) {
  return events.map((event) => <EventRow key={event.uuid} event={event} isOpen={event.uuid === open} {...look} />);
});

const EventRow = memo(function EventRow({ event, timeZone, peoplePath, saysDay = false, isOpen, onOpen }: RowLook & { event: SeenEvent; isOpen: boolean }) {
  const subject = eventSubject(event);
  return (
    <li className={cx(styles.row, isOpen && styles.isOpen, !peoplePath && styles.noPerson)}>
      <time className={styles.time} dateTime={event.time.toISOString()} title={rowInstant(event.time, timeZone)}>
        {rowTime(event.time, timeZone, saysDay)}
      </time>
      <RowButton id={rowId(event.uuid)} className={styles.open} aria-expanded={isOpen} title={event.name} onClick={() => onOpen(event.uuid)}>
        {event.name}
      </RowButton>
      <span className={styles.subject} title={subject}>
        {subject}
      </span>
      {peoplePath && (
        // A plain link: the list takes clicks for all of its rows, since a router's link in each of them is dear.
        <a href={`${peoplePath}/${encodePersonKey({ distinctId: event.distinctId })}`} className={styles.person} title={event.distinctId}>
          {shortId(event.distinctId)}
        </a>
      )}
    </li>
  );
});
