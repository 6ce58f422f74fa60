import { useEffect } from "react";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import { exactNumber } from "@/format/number";
import { roughLength } from "@/format/time";
import type { OwnHealth } from "@/gen/observe/reports/v1/overview_service_pb";
import { behind, unavailableText } from "./headlineView";
import type { Headline as Said } from "./headlineView";
import styles from "./overview.module.css";

export interface HeadlineProps {
  headline: Said;
  /** The name of the browser's tab. */
  tab: string;
  /** What has to be known before the headline is read. */
  before: ReactNode;
  /** How fresh the page is. */
  status: ReactNode;
}

/** The page in one sentence; the first thing that is read, and said again when it changes. */
export function Headline({ headline: { shape, tone, title, text }, tab, before, status }: HeadlineProps) {
  useEffect(() => {
    document.title = `${tab} · Observe`;
  }, [tab]);
  return (
    <>
      {before}
      <header className={styles.head}>
        <div role="status" className={styles.said}>
          <h1 className={styles.title}>
            <span className="visually-hidden">Overview: </span>
            <span className={cx(styles.shape, styles[tone])} aria-hidden>
              {shape}
            </span>
            <span>{title}</span>
          </h1>
          {text && <p>{text}</p>}
        </div>
        {status}
      </header>
    </>
  );
}

/** Said first when the page is old, because then all the rest is. */
export function BehindNote({ health }: { health: OwnHealth | undefined }) {
  const lag = behind(health);
  if (!lag) return null;
  return (
    <div className={styles.behind} role="alert">
      <span className={styles.warn} aria-hidden>
        ◆
      </span>
      <p>
        <strong>Ingest is {roughLength(lag.ageMs)} behind.</strong> What follows is as it was then.
        {lag.pending > 0n && ` ${exactNumber(lag.pending)} accepted ${lag.pending === 1n ? "event waits" : "events wait"} to be stored; none is lost.`}
      </p>
    </div>
  );
}

/** Says what could not be asked, so that its silence is not taken for good news. */
export function UnavailableNote({ parts }: { parts: readonly string[] }) {
  const text = unavailableText(parts);
  if (!text) return null;
  return (
    <p className={styles.unavailable}>
      <span aria-hidden>○</span> {text}
    </p>
  );
}
