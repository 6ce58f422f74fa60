import { useState } from "react";
import { Link } from "wouter";
import { Button } from "@/components/Button";
import { cx } from "@/components/cx";
import { RelativeTime } from "@/components/RelativeTime";
import { RowButton } from "@/components/RowButton";
import { plural } from "@/format/number";
import type { RejectionCount } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useProject } from "@/hooks/useProject";
import { Advice } from "./Advice";
import { reasonOf } from "./reasons";
import { visible } from "./payload";
import styles from "./rejected.module.css";

/** How many are shown at first; the rest is seldom what one looks for. */
const SHOWN_FIRST = 6;

export interface ReasonListProps {
  counts: readonly RejectionCount[];
  /** The code that the list below is limited to; empty for none. */
  chosen: string;
  onChoose: (code: string) => void;
}

/** Each reason with how often it came and what to change. Pressing one shows its latest below. */
export function ReasonList({ counts, chosen, onChoose }: ReasonListProps) {
  const [all, setAll] = useState(false);
  // One more row takes no more room than the button that would show it.
  const shown = all || counts.length <= SHOWN_FIRST + 1 ? counts : counts.filter(({ code }, index) => index < SHOWN_FIRST || code === chosen);
  return (
    <>
      <ol aria-label="Reasons of the last 24 hours">
        {shown.map((count) => (
          <ReasonRow key={count.code} of={count} isChosen={count.code === chosen} onChoose={() => onChoose(count.code)} />
        ))}
      </ol>
      {shown.length < counts.length && (
        <footer className={styles.more}>
          <Button size="s" variant="ghost" onClick={() => setAll(true)}>
            Show all {counts.length} reasons
          </Button>
        </footer>
      )}
    </>
  );
}

function ReasonRow({ of: { code, count, lastSeenTime }, isChosen, onChoose }: { of: RejectionCount; isChosen: boolean; onChoose: () => void }) {
  const { path } = useProject();
  const { title, advice, unit, page } = reasonOf(code);
  return (
    <li className={cx(styles.reason, isChosen && styles.chosen)}>
      <div className={styles.what}>
        <RowButton className={styles.choose} aria-pressed={isChosen} title={isChosen ? "Show all below" : "Show only these below"} onClick={onChoose}>
          {visible(title)}
        </RowButton>
        <code className={styles.code}>{visible(code)}</code>
      </div>
      <p className={styles.advice}>
        <Advice text={advice} /> {page && <Link href={path(page.to)}>{page.text}</Link>}
      </p>
      <span className={styles.often}>{plural(count, unit)}</span>
      <span className={styles.last}>
        <RelativeTime time={lastSeenTime} everyMs={5_000} />
      </span>
    </li>
  );
}
