import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { BackLink } from "@/components/BackLink";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Lasting } from "@/components/Lasting";
import { ExternalLink, HeartPulse } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Skeleton, SkeletonLines, TitleSkeleton } from "@/components/Skeleton";
import { readError } from "@/api/errors";
import { durationMs } from "@/format/time";
import { Monitor_State } from "@/gen/observe/monitor/v1/monitor_pb";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { useProject } from "@/hooks/useProject";
import { ChecksCard } from "./ChecksCard";
import { HeartbeatCard } from "./HeartbeatCard";
import { HistoryCard } from "./HistoryCard";
import { MonitorActions } from "./MonitorActions";
import { MonitorIncidents } from "./MonitorIncidents";
import { everyText, safeHref, stateLook } from "./monitorState";
import { StateMark } from "./StateMark";
import { Trouble } from "./Trouble";
import { RENEW_MS } from "./useMonitors";
import styles from "./monitor.module.css";

/** One monitor: how it is, how it was, and every look at it. */
export default function MonitorPage() {
  const { project, path } = useProject();
  const { monitor: id = "" } = useParams<{ monitor: string }>();
  const answer = useQuery(MonitorService.method.getMonitor, { projectId: project.id, monitorId: id }, { refetchInterval: RENEW_MS });
  const monitor = answer.data?.monitor;
  return (
    <>
      <BackLink to={path("uptime")} name="Uptime" />
      {monitor ? (
        <MonitorView key={monitor.id} monitor={monitor} />
      ) : answer.isError ? (
        <>
          <PageHeader title="Monitor" />
          {readError(answer.error).kind === "not-found" ? (
            <EmptyState
              icon={<HeartPulse aria-hidden />}
              title="There is no such monitor"
              text="The address may be mistyped, or the monitor was deleted."
              action={<LinkButton to={path("uptime")}>All monitors</LinkButton>}
            />
          ) : (
            <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
          )}
        </>
      ) : (
        <MonitorSkeleton />
      )}
    </>
  );
}

function MonitorView({ monitor }: { monitor: Monitor }) {
  return (
    <>
      <PageHeader
        tabTitle={monitor.name}
        title={
          <>
            <span className={styles.name} title={monitor.name}>
              {monitor.name}
            </span>
            <StateMark state={monitor.state} />
          </>
        }
        description={<Facts monitor={monitor} />}
        actions={<MonitorActions monitor={monitor} />}
      />
      <div className="stack">
        <Trouble monitor={monitor} />
        {monitor.target.case === "heartbeat" && <HeartbeatCard target={monitor.target.value} monitor={monitor} />}
        <HistoryCard monitor={monitor} />
        <ChecksCard monitor={monitor} />
        <MonitorIncidents monitor={monitor} />
      </div>
    </>
  );
}

/** What is watched, how often, and since when it is as it is. */
function Facts({ monitor }: { monitor: Monitor }) {
  const { target, interval, state, stateSinceTime } = monitor;
  const http = target.case === "http" ? target.value : undefined;
  const href = http && safeHref(http.url);
  const every = everyText(interval ? Math.round(durationMs(interval) / 1_000) : 60);
  return (
    <span className={styles.facts}>
      {http &&
        (href ? (
          <a href={href} target="_blank" rel="noreferrer noopener" className={styles.url} title={http.url}>
            {http.method && http.method !== "GET" && `${http.method} `}
            {http.url}
            <ExternalLink aria-label="opens in a new tab" />
          </a>
        ) : (
          <span className={styles.url} title={http.url}>
            {http.url}
          </span>
        ))}
      <span>{http ? `Checked ${every}` : `Has to call in ${every}`}</span>
      {/* Trouble is told below, with its reason. */}
      {stateSinceTime && (state === Monitor_State.UP || state === Monitor_State.PAUSED) && (
        <span>
          {stateLook(state).word} for <Lasting since={stateSinceTime} />
        </span>
      )}
    </span>
  );
}

function MonitorSkeleton() {
  return (
    <div aria-busy>
      <PageHeader title={<TitleSkeleton name="Monitor" />} tabTitle="Monitor" description={<Skeleton width={320} />} />
      <div className="stack">
        <Card>
          <div className={styles.windows}>
            {Array.from({ length: 4 }, (_, index) => (
              <div key={index} className={styles.waiting}>
                <Skeleton width={70} height={10} />
                <Skeleton width={96} height={24} />
                <Skeleton width={110} height={10} />
              </div>
            ))}
          </div>
          <Skeleton height={260} radius={8} />
        </Card>
        <Card title="Checks">
          <SkeletonLines lines={8} />
        </Card>
      </div>
    </div>
  );
}
