import { useQuery } from "@connectrpc/connect-query";
import { Link, useParams } from "wouter";
import { BackLink } from "@/components/BackLink";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { ArrowRight, CircleCheck } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { RelativeTime } from "@/components/RelativeTime";
import { SkeletonLines, TitleSkeleton } from "@/components/Skeleton";
import { readError } from "@/api/errors";
import { RENEW_MS } from "@/features/uptime/useMonitors";
import { IncidentService } from "@/gen/observe/monitor/v1/incident_service_pb";
import type { GetIncidentResponse, Incident } from "@/gen/observe/monitor/v1/incident_service_pb";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { evidenceName, evidencePath, kindMark, lastedText, severityText, stageMark } from "./incident";
import { IncidentActions } from "./IncidentActions";
import { MarkBadge } from "./IncidentTable";
import { Timeline } from "./Timeline";
import { useUserName } from "./useUserName";
import styles from "./incidents.module.css";

/** One incident: what was broken, how it went, and what can be done. */
export default function IncidentPage() {
  const { project, path } = useProject();
  const { incident: id = "" } = useParams<{ incident: string }>();
  const answer = useQuery(IncidentService.method.getIncident, { projectId: project.id, incidentId: id }, { refetchInterval: RENEW_MS });
  return (
    <>
      <BackLink to={path("incidents")} name="Incidents" />
      {answer.data?.incident ? (
        <View incident={answer.data.incident} timeline={answer.data.timeline} />
      ) : answer.isError ? (
        <>
          <PageHeader title="Incident" />
          {readError(answer.error).kind === "not-found" ? (
            <EmptyState
              icon={<CircleCheck aria-hidden />}
              title="There is no such incident"
              text="The address may be mistyped."
              action={<LinkButton to={path("incidents")}>All incidents</LinkButton>}
            />
          ) : (
            <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
          )}
        </>
      ) : (
        <div aria-busy>
          <PageHeader title={<TitleSkeleton name="Incident" width={280} />} tabTitle="Incident" />
          <div className="stack">
            <Card>
              <SkeletonLines lines={3} />
            </Card>
            <Card title="Timeline">
              <SkeletonLines lines={5} />
            </Card>
          </div>
        </div>
      )}
    </>
  );
}

function View({ incident, timeline }: { incident: Incident; timeline: GetIncidentResponse["timeline"] }) {
  const { path } = useProject();
  const evidence = evidencePath(incident.link);
  return (
    <>
      <PageHeader
        tabTitle={incident.title}
        title={
          <>
            <span className={styles.heading} title={incident.title}>
              {incident.title}
            </span>
            <MarkBadge {...stageMark(incident)} />
          </>
        }
        description={incident.detail}
        actions={<IncidentActions incident={incident} />}
      />
      <div className="stack">
        <Card>
          <Facts incident={incident} />
          {evidence && (
            <p className={styles.evidence}>
              <Link href={path(evidence)}>
                {evidenceName(incident.link)} <ArrowRight aria-hidden />
              </Link>
            </p>
          )}
        </Card>
        <Timeline entries={timeline} />
      </div>
    </>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const now = useNow(1_000).getTime();
  const nameOf = useUserName();
  const { openedTime, closedTime, acknowledgedTime, acknowledgedBy, severity } = incident;
  return (
    <dl className={styles.facts}>
      <div>
        <dt>Kind</dt>
        <dd>
          <MarkBadge {...kindMark(incident)} />
        </dd>
      </div>
      <div>
        <dt>Severity</dt>
        <dd>{severityText(severity)}</dd>
      </div>
      <div>
        <dt>Began</dt>
        <dd>
          <RelativeTime time={openedTime} />
        </dd>
      </div>
      <div>
        <dt>{closedTime ? "Lasted" : "Lasts for"}</dt>
        <dd>{lastedText(incident, now)}</dd>
      </div>
      <div>
        <dt>Looked after</dt>
        <dd>
          {acknowledgedTime ? (
            <>
              by {acknowledgedBy ? nameOf(acknowledgedBy) : "a program"}, <RelativeTime time={acknowledgedTime} />
            </>
          ) : (
            "by nobody"
          )}
        </dd>
      </div>
    </dl>
  );
}
