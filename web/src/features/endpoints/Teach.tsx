import { useState } from "react";
import { Link } from "wouter";
import { CodeBlock } from "@/components/CodeBlock";
import { EmptyState } from "@/components/EmptyState";
import { Gauge } from "@/components/icons";
import { Segmented } from "@/components/Segmented";
import { Skeleton } from "@/components/Skeleton";
import { useWriteKey } from "@/features/install/useWriteKey";
import { useProject } from "@/hooks/useProject";
import { otelSnippet, requestSnippet } from "./snippets";
import styles from "./endpoints.module.css";

const WAYS = [
  { value: "otel", label: "OpenTelemetry" },
  { value: "curl", label: "By hand" },
] as const;
const PLACEHOLDER = "<write key>";

/** What the page will show, and the lines that make it so. */
export function Teach() {
  const { project, path } = useProject();
  const [way, setWay] = useState<(typeof WAYS)[number]["value"]>("otel");
  const { list, key } = useWriteKey(project.id);
  const host = window.location.origin;
  const token = key?.writeToken ?? PLACEHOLDER;
  return (
    <div className={styles.teach}>
      <EmptyState
        icon={<Gauge aria-hidden />}
        title="No request was seen"
        text="None began in the range above. Each route of your services appears here by itself, with how often it is called, how often it fails and how fast it answers, once its program sends traces."
      />
      <div className={styles.way}>
        <Segmented label="Way" value={way} onChange={setWay} options={WAYS} />
      </div>
      {list.isPending ? (
        <Skeleton height={104} radius={8} />
      ) : (
        <CodeBlock
          code={way === "otel" ? otelSnippet(host, token) : requestSnippet(host, token)}
          language="shell"
          label={way === "otel" ? "Environment for OpenTelemetry" : "A request by curl"}
        />
      )}
      <p className={styles.note}>
        {way === "otel"
          ? "Set these for a program that is instrumented with OpenTelemetry, and restart it. Spans of kind server count."
          : "For programs without OpenTelemetry: one event for each request that was served."}{" "}
        {!list.isPending && !key && (
          <>
            This project has no write key: <Link href={path("settings")}>create one in the settings</Link>.
          </>
        )}
      </p>
    </div>
  );
}
