import type { CSSProperties, ReactNode } from "react";
import { Link } from "wouter";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { exactNumber } from "@/format/number";
import { roughLength } from "@/format/time";
import type { GetPipelineStatusResponse } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useProject } from "@/hooks/useProject";
import { ageOf, balanceOf, ledgerText, partsOf, rateText, waitingOf } from "./ledger";
import type { LedgerPart, Outcome } from "./ledger";
import { Saying } from "./Saying";
import styles from "./ledger.module.css";

export interface LedgerProps {
  status: GetPipelineStatusResponse;
  /** Accepted events a second, once that is known. */
  rate: number | undefined;
}

/** Where every accepted event is: one sum, one bar. */
export function Ledger({ status, rate }: LedgerProps) {
  const parts = partsOf(status);
  return (
    <Card className={styles.card}>
      <h2 className="visually-hidden">Where accepted events are</h2>
      <dl className={styles.sum}>
        <Term className={styles.accepted} name="Accepted" count={status.accepted} note={rate === undefined ? "confirmed to their senders" : rateText(rate)} />
        {parts.map((part, index) => (
          <Term
            key={part.outcome}
            className={cx(styles[part.outcome], part.count > 0n && styles.some)}
            sign={index === 0 ? "=" : "+"}
            name={part.name}
            count={part.count}
            note={<Note part={part} status={status} />}
          />
        ))}
      </dl>
      <Bar parts={parts} label={ledgerText(status)} />
      <div className={styles.sayings}>
        <Saying {...balanceOf(status)} />
        <Saying {...waitingOf(status)} />
      </div>
    </Card>
  );
}

interface TermProps {
  className: string | undefined;
  sign?: string;
  name: string;
  count: bigint;
  note: ReactNode;
}

function Term({ className, sign, name, count, note }: TermProps) {
  return (
    <div className={cx(styles.term, className)}>
      {sign && (
        <span className={styles.sign} aria-hidden>
          {sign}
        </span>
      )}
      <dt>{name}</dt>
      <dd className={styles.count}>{exactNumber(count)}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  );
}

const NOTES: Record<Outcome, string> = {
  stored: "in the database, once each",
  duplicates: "sent again, kept once",
  deadLettered: "none had to be set aside",
  pending: "on their way to the database",
};

function Note({ part: { outcome, count }, status }: { part: LedgerPart; status: GetPipelineStatusResponse }) {
  const { path } = useProject();
  if (outcome === "deadLettered" && count > 0n) return <Link href={`${path("ingestion")}?tab=dead-letters`}>see why, try again</Link>;
  if (outcome === "pending" && count > 0n && ageOf(status) > 0) return `the oldest for ${roughLength(ageOf(status)).replace(" ", "\u00a0")}`;
  if (outcome === "pending" && count <= 0n) return "none on its way";
  return NOTES[outcome];
}

function Bar({ parts, label }: { parts: readonly LedgerPart[]; label: string }) {
  return (
    <div className={styles.bar} role="img" aria-label={label}>
      {parts
        .filter(({ share }) => share > 0)
        .map(({ outcome, name, count, share }) => (
          <span key={outcome} className={cx(styles.piece, styles[outcome])} style={{ "--share": share } as CSSProperties} title={`${name}: ${exactNumber(count)}`} />
        ))}
    </div>
  );
}
