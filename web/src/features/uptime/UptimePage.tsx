import { useDeferredValue } from "react";
import { useQuery } from "@connectrpc/connect-query";
import { Link } from "wouter";
import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Bell, HeartPulse, Plus, Search } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Segmented } from "@/components/Segmented";
import { TextField } from "@/components/TextField";
import { AlertChannelService } from "@/gen/observe/monitor/v1/alert_channel_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import { choiceParam, textParam, useUrlState } from "@/hooks/useUrlState";
import { MonitorList, MonitorListSkeleton } from "./MonitorList";
import { matches, summarize } from "./monitorState";
import { UptimeTabs } from "./UptimeTabs";
import { useMonitors } from "./useMonitors";
import styles from "./uptime.module.css";

const SHAPE = { q: textParam(), bars: choiceParam(["90d", "24h"], "90d") };
const BARS = [
  { value: "24h", label: "24 hours" },
  { value: "90d", label: "90 days" },
] as const;

/** All monitors of the project, what is down first. */
export default function UptimePage() {
  const { project, path, membership } = useProject();
  const canChange = mayChange(membership.role);
  const [{ q, bars }, setState] = useUrlState(SHAPE);
  const { answer, monitors } = useMonitors(project.id);
  const search = useDeferredValue(q.trim());
  const shown = monitors?.filter((one) => search === "" || matches(one, search));
  const open = monitors?.filter(({ monitor }) => monitor?.incidentId).length;
  const isEmpty = monitors?.length === 0;

  return (
    <>
      <PageHeader
        title="Uptime"
        description={monitors && !isEmpty && `${summarize(monitors)}.`}
        actions={
          canChange &&
          !isEmpty && (
            <LinkButton to={path("uptime/new")} variant="primary" icon={<Plus aria-hidden />}>
              New monitor
            </LinkButton>
          )
        }
      />
      <UptimeTabs here="uptime" openIncidents={open} />
      <div className="stack">
        {!isEmpty && (
          <div className={styles.tools}>
            <TextField
              label="Search monitors"
              hideLabel
              type="search"
              placeholder="Search by name or address"
              className={styles.search}
              spellCheck={false}
              autoComplete="off"
              value={q}
              onChange={(next) => setState({ q: next })}
            />
            <Segmented label="Bars" value={bars} onChange={(next) => setState({ bars: next })} options={BARS} />
          </div>
        )}
        <Card bare className={styles.list}>
          {answer.isError && !monitors ? (
            <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
          ) : !shown ? (
            <MonitorListSkeleton bars={bars} />
          ) : isEmpty ? (
            <Teach canChange={canChange} />
          ) : shown.length === 0 ? (
            <EmptyState
              icon={<Search aria-hidden />}
              title="No monitor found"
              text={`No name and no address contains “${search}”.`}
              action={<Button onClick={() => setState({ q: "" })}>Clear the search</Button>}
            />
          ) : (
            <MonitorList monitors={shown} bars={bars} />
          )}
        </Card>
        {monitors && !isEmpty && <NobodyTold />}
      </div>
    </>
  );
}

function Teach({ canChange }: { canChange: boolean }) {
  const { path } = useProject();
  return (
    <EmptyState
      icon={<HeartPulse aria-hidden />}
      title="Nothing is watched yet"
      text="A monitor asks an address of yours again and again, keeps how fast it answers, and opens an incident when it fails. A heartbeat does it the other way round: your cron job calls in, and silence is the incident."
      action={
        canChange ? (
          <>
            <LinkButton to={path("uptime/new")} variant="primary" icon={<Plus aria-hidden />}>
              Watch an address
            </LinkButton>
            <LinkButton to={path("uptime/new?kind=heartbeat")}>Watch a cron job</LinkButton>
          </>
        ) : (
          <p>Members, admins and owners can create one.</p>
        )
      }
    />
  );
}

/** A monitor that tells nobody is only half of one. */
function NobodyTold() {
  const { project, path } = useProject();
  const channels = useQuery(AlertChannelService.method.listAlertChannels, { projectId: project.id }, { staleTime: 60_000 });
  if (channels.data?.alertChannels.length !== 0) return null;
  return (
    <p className={styles.hint}>
      <Bell aria-hidden />
      <span>
        Nobody is told when a monitor goes down. <Link href={path("settings")}>Add an alert channel</Link> in the project's settings.
      </span>
    </p>
  );
}
