import { LinkButton } from "@/components/Button";
import { cx } from "@/components/cx";
import { eventSubject } from "@/components/event/event";
import type { SeenEvent } from "@/components/event/event";
import { encodePersonKey } from "@/components/event/personKey";
import { CircleCheck, Radio } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { Skeleton } from "@/components/Skeleton";
import { readError } from "@/api/errors";
import { useProject } from "@/hooks/useProject";
import { RefusedNote } from "./RefusedNote";
import type { Arrival } from "./useArrival";
import styles from "./install.module.css";

/** Waits for an event, and shows it when it is there. */
export function ArrivalCard({ arrival: { before, arrived, error } }: { arrival: Arrival }) {
  if (arrived) return <Arrived event={arrived} isFirst={before === null} />;
  return (
    <section className={styles.waiting} aria-live="polite" aria-busy={before === undefined && !error}>
      <span className={styles.pulse} aria-hidden>
        <Radio />
      </span>
      <div className={styles.words}>
        {before === undefined && !error ? (
          <Skeleton width={220} height={14} />
        ) : (
          <h2>{before ? "Events are coming in. Waiting for the next one" : "Waiting for the first event"}</h2>
        )}
        <p>
          {error ? (
            readError(error).message
          ) : before ? (
            <>
              The last one was {before.name.slice(0, 80)}, <RelativeTime time={before.time} />.
            </>
          ) : (
            "Open a page that has the snippet, or run the curl line. It shows here within a second or two."
          )}
        </p>
        <RefusedNote />
      </div>
      <span className={styles.progress} aria-hidden />
    </section>
  );
}

function Arrived({ event, isFirst }: { event: SeenEvent; isFirst: boolean }) {
  const { path } = useProject();
  const subject = eventSubject(event);
  return (
    <section className={cx(styles.waiting, styles.arrived)} role="status">
      <CircleCheck aria-hidden />
      <div className={styles.words}>
        <h2>{isFirst ? "The first event is here" : "A new event is here"}</h2>
        <dl>
          <dt>Event</dt>
          <dd>
            <strong>{event.name}</strong>
            {subject && <span className="muted"> {subject}</span>}
          </dd>
          <dt>From</dt>
          <dd>{event.distinctId}</dd>
          <dt>When</dt>
          <dd>
            <RelativeTime time={event.time} everyMs={1_000} />
          </dd>
        </dl>
        <div className="row">
          <LinkButton to={path("live")} variant="primary">
            Watch events live
          </LinkButton>
          <LinkButton to={path(`people/${encodePersonKey({ distinctId: event.distinctId })}`)}>Look at this visitor</LinkButton>
        </div>
      </div>
    </section>
  );
}
