import { cx } from "@/components/cx";
import { Skeleton } from "@/components/Skeleton";
import type { MonitorSummary } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { useProject } from "@/hooks/useProject";
import { MonitorRow } from "./MonitorRow";
import type { BarsShown } from "./MonitorRow";
import styles from "./uptime.module.css";

/** The monitors, a row each. Rows out of sight cost nothing: the browser leaves them out (`content-visibility`). */
export function MonitorList({ monitors, bars }: { monitors: readonly MonitorSummary[]; bars: BarsShown }) {
  const { path } = useProject();
  return (
    <>
      <Head bars={bars} />
      <ul className={styles.rows} aria-label="Monitors">
        {monitors.map((summary) => (
          <MonitorRow key={summary.monitor?.id} summary={summary} bars={bars} to={path(`uptime/${summary.monitor?.id}`)} />
        ))}
      </ul>
    </>
  );
}

/** The names of the columns; each row says them again where it has no columns. */
function Head({ bars }: { bars: BarsShown }) {
  return (
    <div className={styles.head} aria-hidden>
      <span>State</span>
      <span>Monitor</span>
      <span className={styles.ends}>
        <span>{bars === "90d" ? "90 days ago" : "24 hours ago"}</span>
        <span>{bars === "90d" ? "Today" : "Now"}</span>
      </span>
      <span className={styles.numbers}>
        <span>24 h</span>
        <span>90 d</span>
      </span>
      <span className={styles.latency}>Latency</span>
    </div>
  );
}

/** The same shape without content. */
export function MonitorListSkeleton({ bars }: { bars: BarsShown }) {
  return (
    <div role="status" aria-label="Loading monitors">
      <Head bars={bars} />
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} className={styles.row}>
          <span className={styles.state}>
            <Skeleton width={52} height={20} radius={5} />
          </span>
          <span className={cx(styles.words, styles.waiting)}>
            <Skeleton width={`${70 - ((index * 17) % 35)}%`} />
            <Skeleton width={`${90 - ((index * 29) % 40)}%`} height={10} />
          </span>
          <span className={styles.strip}>
            <Skeleton height={19} />
          </span>
          <span className={styles.numbers}>
            <span>
              <Skeleton width={48} />
            </span>
            <span>
              <Skeleton width={48} />
            </span>
          </span>
          <span className={styles.latency}>
            <Skeleton width={90} />
          </span>
        </div>
      ))}
    </div>
  );
}
