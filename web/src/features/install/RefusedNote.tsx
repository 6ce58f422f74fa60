import { useQuery } from "@connectrpc/connect-query";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useState } from "react";
import { Link } from "wouter";
import { Advice } from "@/features/ingestion/Advice";
import { visible } from "@/features/ingestion/payload";
import { reasonOf } from "@/features/ingestion/reasons";
import { PipelineService } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useProject } from "@/hooks/useProject";
import { latestRefusal } from "./refusal";
import styles from "./install.module.css";

/** How often the page asks whether something was refused while it waits, in milliseconds. */
const ASK_MS = 3_000;

/** Says to who waits for an event that something came and was refused, why, and what to change. */
export function RefusedNote() {
  const { project, path } = useProject();
  const [openedMs] = useState(() => Date.now());
  const status = useQuery(PipelineService.method.getPipelineStatus, { projectId: project.id }, { refetchInterval: ASK_MS });
  const latest = latestRefusal(status.data?.rejections ?? [], openedMs);
  if (!latest) {
    return (
      <p>
        Nothing comes? <Link href={path("ingestion")}>See what was refused</Link>
      </p>
    );
  }
  const { title, advice } = reasonOf(latest.code);
  // Inside a sentence, but "JSON" and "UUID" stay as they are.
  const reason = visible(title.charAt(0).toLowerCase() + title.slice(1));
  return (
    <div className={styles.refused} role="status" key={latest.lastSeenTime && timestampMs(latest.lastSeenTime)}>
      <span aria-hidden>▲</span>
      <p>
        <strong>Something came and was refused: {reason}.</strong> <Advice text={advice} />{" "}
        <Link href={`${path("ingestion")}?reason=${encodeURIComponent(latest.code)}`}>See what was sent</Link>
      </p>
    </div>
  );
}
