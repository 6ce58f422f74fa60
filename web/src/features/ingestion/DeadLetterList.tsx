import { useRef, useState } from "react";
import { Link } from "wouter";
import { Button } from "@/components/Button";
import { cx } from "@/components/cx";
import { encodePersonKey } from "@/components/event/personKey";
import { ChevronRight } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { RowButton } from "@/components/RowButton";
import { absoluteTime, toDate } from "@/format/time";
import { plural } from "@/format/number";
import type { DeadLetter } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useProject } from "@/hooks/useProject";
import { useRowKeys } from "@/hooks/useRowKeys";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { Fact, Facts } from "./Facts";
import { PayloadBlock } from "./PayloadBlock";
import { visible } from "./payload";
import { eventsOf } from "./redrive";
import styles from "./deadLetters.module.css";

export interface DeadLetterListProps {
  rows: readonly DeadLetter[];
  chosen: ReadonlySet<string>;
  /** Missing for who may not try them again. */
  onChoose: ((chosen: ReadonlySet<string>) => void) | undefined;
  onTry: ((uuid: string) => void) | undefined;
  /** The uuid that is being tried, or "selected" or "all". */
  trying: string | undefined;
}

/** Dead letters, the latest first; one of them can be open. */
export function DeadLetterList({ rows, chosen, onChoose, onTry, trying }: DeadLetterListProps) {
  const [open, setOpen] = useState<string>();
  const list = useRef<HTMLOListElement>(null);
  useRowKeys(list, "button[aria-expanded]");
  const isAll = rows.every(({ uuid }) => chosen.has(uuid));
  const choose = (uuid: string, isChosen: boolean) => {
    const next = new Set(chosen);
    if (isChosen) next.add(uuid);
    else next.delete(uuid);
    onChoose?.(next);
  };
  return (
    <>
      {onChoose && (
        <label className={styles.chooseAll}>
          <input type="checkbox" checked={isAll} onChange={(change) => onChoose(new Set(change.target.checked ? rows.map(({ uuid }) => uuid) : []))} />
          Choose all shown
        </label>
      )}
      <ol ref={list} aria-label="Dead letters, the latest first">
        {rows.map((letter) => (
          <li key={letter.uuid} className={cx(styles.item, letter.uuid === open && styles.isOpen)}>
            <div className={cx(styles.line, !onChoose && styles.lookOnly)}>
              {onChoose && (
                <input
                  type="checkbox"
                  className={styles.check}
                  aria-label={`Choose ${nameOf(letter)}`}
                  checked={chosen.has(letter.uuid)}
                  onChange={(change) => choose(letter.uuid, change.target.checked)}
                />
              )}
              <Line letter={letter} isOpen={letter.uuid === open} onToggle={() => setOpen(letter.uuid === open ? undefined : letter.uuid)} />
              {onTry && (
                <Button size="s" className={styles.try} loading={trying === letter.uuid} disabled={trying !== undefined} onClick={() => onTry(letter.uuid)}>
                  Try again
                </Button>
              )}
            </div>
            {letter.uuid === open && <Details letter={letter} />}
          </li>
        ))}
      </ol>
    </>
  );
}

function Line({ letter, isOpen, onToggle }: { letter: DeadLetter; isOpen: boolean; onToggle: () => void }) {
  return (
    <>
      <ChevronRight className={styles.chevron} aria-hidden />
      <span className={styles.when}>
        <RelativeTime time={letter.createdTime} />
      </span>
      <RowButton className={styles.open} aria-expanded={isOpen} title={nameOf(letter)} onClick={onToggle}>
        {nameOf(letter)}
      </RowButton>
      <span className={styles.reason} title={visible(letter.reason)}>
        {visible(letter.reason)}
        {letter.sqlstate && <code>{visible(letter.sqlstate)}</code>}
      </span>
    </>
  );
}

function nameOf(letter: DeadLetter): string {
  if (letter.name) return visible(letter.name);
  const events = eventsOf(letter);
  return events > 1 ? `${plural(events, "event")} that cannot be read` : "Event that cannot be read";
}

function Details({ letter }: { letter: DeadLetter }) {
  const { path } = useProject();
  const timeZone = useTimeZone();
  const { reason, sqlstate, name, distinctId, uuid, createdTime, redrives, payload } = letter;
  return (
    <div className={styles.details}>
      <Facts>
        <Fact name="Reason" text={reason} />
        <Fact name="SQLSTATE" text={sqlstate} isCode otherwise="none: it was not PostgreSQL that refused it" />
        <Fact name="Event" text={name} otherwise={eventsOf(letter) > 1 ? plural(eventsOf(letter), "event") : "not readable"} />
        <Fact name="Distinct id" text={distinctId} otherwise="not readable" />
        <Fact name={name ? "Event id" : "Id"} text={uuid} isCode />
        <Fact name="Set aside" text={createdTime ? absoluteTime(toDate(createdTime), timeZone) : ""} />
        <Fact name="Tried again" text={redrives > 0 ? plural(redrives, "time") : "never"} />
      </Facts>
      {distinctId && (
        <p>
          <Link href={path(`people/${encodePersonKey({ distinctId })}`)}>Look at this person</Link>
        </p>
      )}
      <PayloadBlock sent={payload} name="The event" empty="Nothing of it can be shown as text." note="As far as it can be shown, at most 64 KiB of it." />
    </div>
  );
}
