import { cx } from "@/components/cx";
import { TriangleAlert } from "@/components/icons";
import { knownZone } from "@/components/query/zone";
import type { GetPipelineStatusResponse } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useNow } from "@/hooks/useNow";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { Advice } from "./Advice";
import { noticesOf } from "./notices";
import type { Notice } from "./notices";
import styles from "./ingestion.module.css";

/** How often it is looked at how long ago something was, in milliseconds. */
const CLOCK_MS = 60_000;

/** What stands still, runs late or was lost: what it means and what to do. */
export function Notices({ status, quiet }: { status: GetPipelineStatusResponse; quiet: boolean }) {
  const notices = noticesOf(status, useNow(CLOCK_MS), knownZone(useTimeZone())).filter(({ tone }) => (tone === "quiet") === quiet);
  return notices.map((notice) => <NoticeBox key={notice.kind} notice={notice} />);
}

function NoticeBox({ notice: { tone, title, text, steps } }: { notice: Notice }) {
  if (tone === "quiet") {
    return (
      <p className={styles.aside}>
        {title}. {text}
      </p>
    );
  }
  return (
    <section className={cx(styles.notice, styles[`${tone}Notice`])} role="status" aria-label={title}>
      <TriangleAlert aria-hidden />
      <div>
        <h2>{title}</h2>
        <p>{text}</p>
        <ol>
          {steps.map((step) => (
            <li key={step}>
              <Advice text={step} />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
