import { useId, useState } from "react";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { cx } from "@/components/cx";
import { ChevronRight, Undo2 } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { exactNumber } from "@/format/number";
import { absoluteTime, toDate } from "@/format/time";
import type { Merge } from "@/gen/observe/identity/v1/person_service_pb";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { joinedText, MERGE_CAUSES, splitTrouble } from "./merge";
import styles from "./merges.module.css";

export interface MergeRowProps {
  merge: Merge;
  /** Whose page it is. */
  person: Person;
  may: boolean;
  onUndo: () => void;
}

/** One merge: who, when, why; its ids when opened; its undo, or why it cannot be undone. */
export function MergeRow({ merge, person, may, onUndo }: MergeRowProps) {
  const [isOpen, setOpen] = useState(false);
  const details = useId();
  const reason = useId();
  const trouble = splitTrouble(merge, may);
  return (
    <li className={cx(styles.item, merge.undoneTime && styles.undone)}>
      <div className={styles.line}>
        <button type="button" className={styles.unfold} aria-expanded={isOpen} aria-controls={details} onClick={() => setOpen(!isOpen)}>
          <ChevronRight aria-hidden className={cx(isOpen && styles.turned)} />
          <span className={styles.joined} title={merge.movedDistinctIds.join("\n")}>
            {joinedText(merge)}
          </span>
        </button>
        <span className={styles.facts}>
          {MERGE_CAUSES[merge.cause].startsWith("$") ? <code>{MERGE_CAUSES[merge.cause]}</code> : <span>{MERGE_CAUSES[merge.cause]}</span>}
          <RelativeTime time={merge.createdTime} />
        </span>
        {merge.undoneTime ? (
          <Badge shape="↶">
            Undone <RelativeTime time={merge.undoneTime} />
          </Badge>
        ) : (
          <Button size="s" icon={<Undo2 aria-hidden />} disabled={trouble !== ""} aria-label={`Undo the merge of ${joinedText(merge)}`} aria-describedby={trouble ? reason : undefined} onClick={onUndo}>
            Undo
          </Button>
        )}
      </div>
      {trouble && (
        <p id={reason} className={styles.trouble}>
          {trouble}
        </p>
      )}
      <div id={details} hidden={!isOpen}>
        {isOpen && <Details merge={merge} person={person} />}
      </div>
    </li>
  );
}

function Details({ merge, person }: { merge: Merge; person: Person }) {
  const timeZone = useTimeZone();
  const rest = merge.movedCount - merge.movedDistinctIds.length;
  return (
    <dl className={styles.details}>
      <div>
        <dt>Ids that moved</dt>
        <dd>
          {merge.movedDistinctIds.map((id) => (
            <Id key={id} text={id} label="Copy distinct id" />
          ))}
          {rest > 0 && <span className="muted">and {exactNumber(rest)} more</span>}
          {merge.movedCount === 0 && <span className="muted">none</span>}
        </dd>
      </div>
      <div>
        <dt>Person before</dt>
        <dd>
          <Id text={merge.sourcePersonId} label="Copy person id" />
        </dd>
      </div>
      {merge.targetPersonId !== person.id && (
        <div>
          <dt>Merged into</dt>
          <dd>
            <Id text={merge.targetPersonId} label="Copy person id" />
          </dd>
        </div>
      )}
      <div>
        <dt>Merge id</dt>
        <dd>
          <Id text={merge.id} label="Copy merge id" />
        </dd>
      </div>
      <div>
        <dt>When</dt>
        <dd>{merge.createdTime ? absoluteTime(toDate(merge.createdTime), timeZone) : "not known"}</dd>
      </div>
    </dl>
  );
}

function Id({ text, label }: { text: string; label: string }) {
  return (
    <span className={styles.id}>
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </span>
  );
}
