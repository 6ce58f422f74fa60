import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import { ChevronRight } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { RowButton } from "@/components/RowButton";
import { visible } from "./payload";
import styles from "./openableRow.module.css";

export interface OpenableRowProps {
  time: Timestamp | undefined;
  /** Why it was refused; hostile. */
  title: string;
  /** What was refused, in one line. Links in it can be followed without opening the row. */
  subject: ReactNode;
  /** Stands at the end where there is room; hostile. */
  aside: string;
  isOpen: boolean;
  onToggle: () => void;
  /** What to do about it. */
  advice: ReactNode;
  /** All else that is known, while the row is open. */
  children: ReactNode;
}

/** One thing that was refused, in one line that opens. It takes the width that it gets: a page's, or a column's. */
export function OpenableRow({ time, title, subject, aside, isOpen, onToggle, advice, children }: OpenableRowProps) {
  return (
    <li className={cx(styles.item, isOpen && styles.isOpen)}>
      <div className={styles.line}>
        <ChevronRight className={styles.chevron} aria-hidden />
        <span className={styles.when}>
          <RelativeTime time={time} everyMs={5_000} />
        </span>
        <RowButton className={styles.open} aria-expanded={isOpen} onClick={onToggle}>
          {visible(title)}
        </RowButton>
        <span className={styles.subject}>{subject}</span>
        <code className={styles.aside} title={visible(aside)}>
          {visible(aside)}
        </code>
      </div>
      {isOpen && (
        <div className={styles.details}>
          <p className={styles.advice}>{advice}</p>
          {children}
        </div>
      )}
    </li>
  );
}
