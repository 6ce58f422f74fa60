import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { absoluteTime, toDate } from "@/format/time";
import type { IncidentEntry } from "@/gen/observe/monitor/v1/incident_service_pb";
import { clockName } from "@/features/uptime/clock";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { entryMark } from "./incident";
import { useUserName } from "./useUserName";
import styles from "./incidents.module.css";

/** What happened in an incident, oldest first. */
export function Timeline({ entries }: { entries: readonly IncidentEntry[] }) {
  const timeZone = useTimeZone();
  const nameOf = useUserName();
  return (
    <Card title="Timeline" description={`Times are in ${timeZone}.`}>
      {entries.length === 0 ? (
        <p className="muted">Nothing is noted yet.</p>
      ) : (
        <ol className={styles.timeline}>
          {entries.map((entry, index) => {
            const { word, shape, tone } = entryMark(entry);
            const time = entry.time && toDate(entry.time);
            return (
              <li key={index}>
                <span className={cx(styles.shape, styles[tone])} aria-hidden>
                  {shape}
                </span>
                <span className={styles.entry}>
                  <span>
                    <strong>{word}</strong>
                    {entry.userId && ` by ${nameOf(entry.userId)}`}
                  </span>
                  {entry.text && <span className={styles.text}>{entry.text}</span>}
                </span>
                {time && (
                  <time dateTime={time.toISOString()} title={absoluteTime(time, timeZone)}>
                    {clockName(time, timeZone)}
                  </time>
                )}
              </li>
            );
          })}
        </ol>
      )}
    </Card>
  );
}
