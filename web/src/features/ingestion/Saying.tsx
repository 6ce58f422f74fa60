import { cx } from "@/components/cx";
import type { Saying as Said } from "./ledger";
import styles from "./ingestion.module.css";

/** A shape and a sentence. */
export function Saying({ tone, shape, text }: Said) {
  return (
    <p className={styles.saying}>
      <span className={cx(styles.shape, styles[tone])} aria-hidden>
        {shape}
      </span>
      {text}
    </p>
  );
}
