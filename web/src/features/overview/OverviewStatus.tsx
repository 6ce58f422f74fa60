import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { cx } from "@/components/cx";
import { Tooltip } from "@/components/Tooltip";
import type { Connection } from "@/api/watchStream";
import { knownZone } from "@/components/query/zone";
import { clockTime } from "@/format/time";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import styles from "./overview.module.css";

/** Whether the page renews itself, and of when it is. */
export function OverviewStatus({ connection, time }: { connection: Connection; time: Timestamp | undefined }) {
  const timeZone = knownZone(useTimeZone());
  const at = time ? clockTime(timestampDate(time), timeZone) : undefined;
  const isLive = connection.state === "live";
  const said = isLive ? "Changes show within seconds." : "There is no live connection, so the page asks again every 5 seconds.";
  return (
    <Tooltip text={`${said}${at ? ` As of ${at}, ${timeZone}.` : ""}`}>
      <span className={styles.status} tabIndex={0}>
        <span className={cx(isLive ? styles.ok : styles.quiet)} aria-hidden>
          {isLive ? "●" : "○"}
        </span>
        {isLive ? "Live" : at ? `As of ${at}` : "Asking"}
      </span>
    </Tooltip>
  );
}
