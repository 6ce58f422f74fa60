import { Fragment } from "react";
import { Link } from "wouter";
import type { QuietSummary } from "@/gen/observe/reports/v1/overview_service_pb";
import { useProject } from "@/hooks/useProject";
import { quietParts, unwatchedParts } from "./quiet";
import type { QuietPart } from "./quiet";
import styles from "./overview.module.css";

export interface QuietLineProps {
  quiet: QuietSummary;
  /** Requests of today and yesterday. */
  requests: number;
  /** Monitors could not be asked. */
  isBlind: boolean;
}

/** What is watched and fine, in one line; and what could be watched as well. */
export function QuietLine({ quiet, requests, isBlind }: QuietLineProps) {
  return (
    <>
      <Line shape="✓" className={styles.ok} name="Quiet" parts={quietParts(quiet, isBlind)} />
      <Line shape="○" className={styles.quiet} name="Not watched yet" parts={unwatchedParts(quiet, requests, isBlind)} />
    </>
  );
}

function Line({ shape, className, name, parts }: { shape: string; className: string | undefined; name: string; parts: readonly QuietPart[] }) {
  const { path } = useProject();
  if (parts.length === 0) return null;
  return (
    <p className={styles.quietLine}>
      <span className={className} aria-hidden>
        {shape}
      </span>
      <span>
        {name}:{" "}
        {parts.map((part, index) => (
          <Fragment key={part.page}>
            {index > 0 && <span aria-hidden> · </span>}
            <Link href={path(part.page)}>{part.text}</Link>
          </Fragment>
        ))}
      </span>
    </p>
  );
}
