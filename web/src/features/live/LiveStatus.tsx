import { cx } from "@/components/cx";
import { Tooltip } from "@/components/Tooltip";
import type { Connection } from "@/api/watchStream";
import { exactNumber } from "@/format/number";
import { useNow } from "@/hooks/useNow";
import type { FeedView } from "./feed";
import { WAITING_MAX } from "./feed";
import styles from "./live.module.css";

/** How the stream is doing, in a shape and a few words. */
export function LiveStatus({ connection, view }: { connection: Connection; view: FeedView }) {
  return (
    <div className={styles.status} role="status">
      <State connection={connection} view={view} />
      {view.dropped > 0 && (
        <Tooltip text="They came faster than this page could take them. They are stored all the same; a filter makes room.">
          <span className={styles.dropped} tabIndex={0}>
            {exactNumber(view.dropped)} not shown
          </span>
        </Tooltip>
      )}
    </div>
  );
}

function State({ connection, view }: { connection: Connection; view: FeedView }) {
  if (connection.state === "retrying") return <Retrying atMs={connection.atMs} message={connection.problem.message} />;
  if (view.paused) {
    const full = view.waiting >= WAITING_MAX;
    return (
      <span className={cx(styles.state, styles.isPaused)}>
        <span aria-hidden>❚❚</span> Paused, {exactNumber(view.waiting)}
        {full ? "+" : ""} waiting
      </span>
    );
  }
  if (connection.state === "live") {
    return (
      <span className={cx(styles.state, styles.isLive)}>
        <span aria-hidden>●</span> Live{view.rate > 0 && <span className="muted">, {rateText(view.rate)}</span>}
      </span>
    );
  }
  return (
    <span className={styles.state}>
      <span aria-hidden>○</span> Connecting
    </span>
  );
}

function Retrying({ atMs, message }: { atMs: number; message: string }) {
  const seconds = Math.max(0, Math.ceil((atMs - useNow(500).getTime()) / 1000));
  return (
    <Tooltip text={message}>
      <span className={cx(styles.state, styles.isBroken)} tabIndex={0}>
        <span aria-hidden>▲</span> Disconnected, {seconds > 0 ? `trying again in ${seconds} s` : "trying again"}
      </span>
    </Tooltip>
  );
}

/** A rate in the unit that reads best. */
function rateText(perSecond: number): string {
  if (perSecond >= 1) return `${exactNumber(Math.round(perSecond * 10) / 10)} events/s`;
  return `${exactNumber(Math.round(perSecond * 60))} events/min`;
}
