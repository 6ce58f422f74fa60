import { useQuery } from "@connectrpc/connect-query";
import { Link } from "wouter";
import { Tooltip } from "@/components/Tooltip";
import { cx } from "@/components/cx";
import { exactNumber } from "@/format/number";
import { durationMs, roughLength } from "@/format/time";
import { PipelineService } from "@/gen/observe/events/v1/pipeline_service_pb";
import type { GetPipelineStatusResponse } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useProject } from "@/hooks/useProject";
import { pages } from "@/pages";
import styles from "@/shell/Shell.module.css";

/** How often the pipeline is asked, in milliseconds. */
const ASK_EVERY_MS = 10_000;
/** Older than this, and the pages show old numbers; in milliseconds. */
const BEHIND_MS = 10_000;

interface Health {
  look: "ok" | "behind" | "unknown";
  shape: string;
  words: string;
}

/** Whether what the pages show is up to date. */
export function HealthDot({ closed }: { closed: boolean }) {
  const { project, path } = useProject();
  const status = useQuery(PipelineService.method.getPipelineStatus, { projectId: project.id }, { refetchInterval: ASK_EVERY_MS });
  const health = judge(status.data, status.isError);
  const ledger = status.data && `${exactNumber(status.data.stored)} events stored, ${exactNumber(status.data.pending)} on their way`;
  return (
    <div role="status" className={styles.healthBox}>
      <Tooltip side={closed ? "right" : "top"} text={ledger ? `${health.words}. ${ledger}.` : health.words}>
        <Link href={path("ingestion")} className={cx(styles.health, styles[health.look])} aria-label={`${health.words}: ingestion`} onPointerEnter={pages.ingestion.preload}>
          <span className={styles.shape} aria-hidden>
            {health.shape}
          </span>
          <span className={styles.word}>{health.words}</span>
        </Link>
      </Tooltip>
    </div>
  );
}

function judge(status: GetPipelineStatusResponse | undefined, failed: boolean): Health {
  if (failed) return { look: "unknown", shape: "○", words: "Ingest unknown" };
  if (!status) return { look: "unknown", shape: "○", words: "Asking" };
  if (status.stalledReason) return { look: "behind", shape: "▲", words: "Queue stands still" };
  const age = status.oldestPendingAge ? durationMs(status.oldestPendingAge) : 0;
  if (age > BEHIND_MS) return { look: "behind", shape: "▲", words: `Ingest ${roughLength(age)} behind` };
  return { look: "ok", shape: "●", words: "Up to date" };
}
