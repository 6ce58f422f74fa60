import { useRef, useState } from "react";
import { Link } from "wouter";
import { shortId } from "@/components/event/event";
import { encodePersonKey } from "@/components/event/personKey";
import { ArrowRight } from "@/components/icons";
import { Advice } from "@/features/ingestion/Advice";
import { Fact, Facts } from "@/features/ingestion/Facts";
import { OpenableRow } from "@/features/ingestion/OpenableRow";
import { visible } from "@/features/ingestion/payload";
import { said } from "@/features/people/person";
import { absoluteTime, toDate } from "@/format/time";
import type { RefusedMerge } from "@/gen/observe/identity/v1/person_service_pb";
import { useProject } from "@/hooks/useProject";
import { useRowKeys } from "@/hooks/useRowKeys";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { MERGE_CAUSES } from "./merge";
import { GROUP_CODES, mergeReasonOf } from "./mergeReasons";
import styles from "./refused.module.css";

/** Two ids of so many characters stand beside each other; longer ones are cut, and whole on hover. */
const SHOWN_CHARS = 40;

/** Refused merges, the latest first; one of them can be open. Ids are hostile and only ever text. */
export function RefusedMergeList({ rows }: { rows: readonly RefusedMerge[] }) {
  const [open, setOpen] = useState<string>();
  const list = useRef<HTMLOListElement>(null);
  useRowKeys(list, "button[aria-expanded]");
  return (
    <ol ref={list} aria-label="Refused merges, the latest first">
      {rows.map((row) => {
        const key = `${row.eventUuid} ${row.sourceDistinctId}`;
        return <Row key={key} refused={row} isOpen={key === open} onToggle={() => setOpen(key === open ? undefined : key)} />;
      })}
    </ol>
  );
}

function Row({ refused, isOpen, onToggle }: { refused: RefusedMerge; isOpen: boolean; onToggle: () => void }) {
  const timeZone = useTimeZone();
  const { code, message, sourceDistinctId, targetDistinctId, eventUuid, createdTime } = refused;
  const { title, advice } = mergeReasonOf(code, message);
  return (
    <OpenableRow time={createdTime} title={title} subject={<Subject refused={refused} />} aside={causeOf(refused)} isOpen={isOpen} onToggle={onToggle} advice={<Advice text={advice} />}>
      <Facts>
        <Fact name="Reason" text={code} isCode />
        <Fact name="Message" text={message} />
        <Fact name="Asked by" text={causeOf(refused)} isCode />
        {isGroup(refused) ? (
          <Fact name="Group" text={sourceDistinctId} otherwise="empty" />
        ) : (
          <>
            <Fact name="Should join" text={sourceDistinctId} otherwise="empty" />
            <Fact name="Into" text={targetDistinctId} otherwise="empty" />
          </>
        )}
        <Fact name="Event id" text={eventUuid} isCode />
        <Fact name="Refused" text={createdTime ? absoluteTime(toDate(createdTime), timeZone) : ""} />
      </Facts>
      <p className="muted">{isGroup(refused) ? "The event was stored. Only the group was not." : "The event was stored. Only the two persons were not joined."}</p>
    </OpenableRow>
  );
}

function Subject({ refused }: { refused: RefusedMerge }) {
  const { sourceDistinctId, targetDistinctId } = refused;
  return (
    <span className={styles.ids}>
      {isGroup(refused) ? (
        <span title={visible(sourceDistinctId)}>{visible(sourceDistinctId)}</span>
      ) : (
        <>
          <Id text={sourceDistinctId} />
          <ArrowRight aria-label="into" />
          <Id text={targetDistinctId} />
        </>
      )}
    </span>
  );
}

function isGroup({ code }: RefusedMerge): boolean {
  return GROUP_CODES.includes(code);
}

function causeOf(refused: RefusedMerge): string {
  return isGroup(refused) ? "$groupidentify" : MERGE_CAUSES[refused.cause];
}

function Id({ text }: { text: string }) {
  const { path } = useProject();
  const shown = visible(text);
  if (text === "") return <span className="muted">(empty)</span>;
  return (
    <Link href={path(`people/${encodePersonKey({ distinctId: text })}`)} title={shown}>
      {said(shortId(shown), SHOWN_CHARS)}
    </Link>
  );
}
