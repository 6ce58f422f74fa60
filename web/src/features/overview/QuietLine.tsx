import { Fragment } from "react";
import { Link } from "wouter";
import type { QuietSummary } from "@/gen/observe/reports/v1/overview_service_pb";
import { useProject } from "@/hooks/useProject";
import { quietParts } from "./quiet";
import styles from "./overview.module.css";

/** What is watched and fine, in one line. */
export function QuietLine({ quiet, isBlind }: { quiet: QuietSummary; isBlind: boolean }) {
  const { path } = useProject();
  const parts = quietParts(quiet, isBlind);
  if (parts.length === 0) return null;
  return (
    <p className={styles.quietLine}>
      <span className={styles.ok} aria-hidden>
        ✓
      </span>
      <span>
        Quiet:{" "}
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
