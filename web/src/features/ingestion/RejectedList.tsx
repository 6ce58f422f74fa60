import { useRef, useState } from "react";
import { Link } from "wouter";
import { Button } from "@/components/Button";
import { absoluteTime, toDate } from "@/format/time";
import type { RejectedEvent } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useProject } from "@/hooks/useProject";
import { useRowKeys } from "@/hooks/useRowKeys";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { Advice } from "./Advice";
import { Fact, Facts } from "./Facts";
import { OpenableRow } from "./OpenableRow";
import { PayloadBlock } from "./PayloadBlock";
import { visible } from "./payload";
import { reasonOf } from "./reasons";
import type { RejectedRow } from "./rejected";
import styles from "./rejected.module.css";

/** How many are shown at first: more than a screen holds. */
const SHOWN_FIRST = 20;

/** Rejected events, the latest first; one of them can be open. */
export function RejectedList({ rows }: { rows: readonly RejectedRow[] }) {
  const [open, setOpen] = useState<string>();
  const [all, setAll] = useState(false);
  const list = useRef<HTMLOListElement>(null);
  useRowKeys(list, "button[aria-expanded]");
  const shown = all ? rows : rows.slice(0, SHOWN_FIRST);
  return (
    <>
      <ol ref={list} aria-label="Rejected events, the latest first">
        {shown.map(({ key, event }) => (
          <Row key={key} event={event} isOpen={key === open} onToggle={() => setOpen(key === open ? undefined : key)} />
        ))}
      </ol>
      {shown.length < rows.length && (
        <footer className={styles.more}>
          <Button size="s" variant="ghost" onClick={() => setAll(true)}>
            Show all {rows.length}
          </Button>
        </footer>
      )}
    </>
  );
}

function Row({ event, isOpen, onToggle }: { event: RejectedEvent; isOpen: boolean; onToggle: () => void }) {
  const { path } = useProject();
  const timeZone = useTimeZone();
  const { code, message, endpoint, name, uuid, library, excerpt, receivedTime } = event;
  const { title, advice, page } = reasonOf(code, message);
  return (
    <OpenableRow
      time={receivedTime}
      title={title}
      subject={
        <span className={styles.subject}>
          {name && <b title={visible(name)}>{visible(name)}</b>}
          <span title={visible(message)}>
            <Advice text={visible(message)} />
          </span>
        </span>
      }
      aside={endpoint}
      isOpen={isOpen}
      onToggle={onToggle}
      advice={
        <>
          <Advice text={advice} /> {page && <Link href={path(page.to)}>{page.text}</Link>}
        </>
      }
    >
      <Facts>
        <Fact name="Reason" text={code} isCode />
        <Fact name="Message" text={message} />
        <Fact name="Event" text={name} />
        <Fact name="Event id" text={uuid} isCode />
        <Fact name="Sent to" text={endpoint} isCode />
        <Fact name="Sent by" text={library} otherwise="not said" />
        <Fact name="Received" text={receivedTime ? absoluteTime(toDate(receivedTime), timeZone) : ""} />
      </Facts>
      <PayloadBlock sent={excerpt} name="What was sent" empty="Nothing was kept of what was sent." note="The beginning, 1 KiB at most; credentials are left out." />
    </OpenableRow>
  );
}
