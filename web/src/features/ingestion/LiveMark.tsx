import { cx } from "@/components/cx";
import { knownZone } from "@/components/query/zone";
import { Tooltip } from "@/components/Tooltip";
import { readError } from "@/api/errors";
import { clockTime } from "@/format/time";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { ASK_EVERY_MS } from "./useStatus";
import styles from "./ingestion.module.css";

/** Whether the numbers are those of now, and else of when they are. */
export function LiveMark({ updatedAtMs, error }: { updatedAtMs: number; error: unknown }) {
  const timeZone = knownZone(useTimeZone());
  const words = error
    ? `${readError(error).message} The page asks again by itself.`
    : `Asked again every ${ASK_EVERY_MS / 1000} seconds while the page is in view.`;
  return (
    <Tooltip text={words}>
      <span className={styles.live} tabIndex={0} role="status">
        <span className={cx(styles.shape, error ? styles.warn : styles.ok)} aria-hidden>
          {error ? "▲" : "●"}
        </span>
        {error ? `No answer since ${clockTime(new Date(updatedAtMs), timeZone)}` : "Live"}
      </span>
    </Tooltip>
  );
}
