import { RelativeTime } from "@/components/RelativeTime";
import type { Erasure } from "@/gen/observe/identity/v1/erasure_pb";
import { partsOf } from "./erasure";
import styles from "./erasures.module.css";

/** What each service removed, or that it is still waited for. Each has its place from the start, so that nothing moves. */
export function Parts({ erasure }: { erasure: Erasure }) {
  return (
    <ul className={styles.parts} aria-label="What was removed, by service">
      {partsOf(erasure).map(({ service, name, holds, confirmed, removed }) => (
        <li key={service} className={styles.part}>
          <span className={confirmed ? styles.okShape : styles.waitShape} aria-hidden>
            {confirmed ? "✓" : "○"}
          </span>
          <span className={styles.partName}>
            <b>{name}</b>
            {holds && <span>{holds}</span>}
          </span>
          <span className={styles.removed}>
            {!confirmed
              ? "Waiting for its confirmation"
              : removed.length === 0
                ? "Nothing was there"
                : removed.map(({ text, count }) => (
                    <span key={text} className={count === 0n ? styles.none : undefined}>
                      {text}
                    </span>
                  ))}
          </span>
          <span className={styles.when}>{confirmed && <RelativeTime time={confirmed.confirmTime} everyMs={5_000} />}</span>
        </li>
      ))}
    </ul>
  );
}
