import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { Card } from "@/components/Card";
import { Checkbox } from "@/components/Checkbox";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { CircleCheck, Clock } from "@/components/icons";
import { ShowMore } from "@/components/ShowMore";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { absoluteTime, toDate } from "@/format/time";
import { latencyText } from "@/format/latency";
import { Check_Outcome } from "@/gen/observe/monitor/v1/monitor_pb";
import type { Check, Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { flagParam, useUrlState } from "@/hooks/useUrlState";
import { clockName } from "./clock";
import { checkLength, scaleOf } from "./phases";
import { OutcomeMark } from "./StateMark";
import { RENEW_MS } from "./useMonitors";
import { PhaseBar, PhaseLegend } from "./Waterfall";
import styles from "./checks.module.css";

const SHAPE = { failed: flagParam() };
/** Checks in a page of the list. */
const PAGE_SIZE = 25;

/** Single checks, the newest first. */
export function ChecksCard({ monitor }: { monitor: Monitor }) {
  const { project } = useProject();
  const timeZone = useTimeZone();
  const [{ failed }, setState] = useUrlState(SHAPE);
  const list = useInfiniteQuery(
    MonitorService.method.listChecks,
    { projectId: project.id, monitorId: monitor.id, failedOnly: failed, pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, refetchInterval: RENEW_MS },
  );
  const checks = useMemo(() => list.data?.pages.flatMap((page) => page.checks) ?? [], [list.data]);
  const isHttp = monitor.target.case === "http";
  const columns = useMemo(() => columnsOf(isHttp, scaleOf(checks), timeZone), [isHttp, checks, timeZone]);
  return (
    <Card
      title="Checks"
      description="Single ones are kept for 30 days."
      actions={<Checkbox label="Only failed" checked={failed} onChange={(next) => setState({ failed: next })} />}
      bare
      className={styles.checks}
    >
      {list.isError && !list.data ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <>
          {isHttp && checks.length > 0 && (
            <div className={styles.legendRow}>
              <PhaseLegend />
            </div>
          )}
          <Table
            label="Checks"
            columns={columns}
            rows={checks}
            rowKey={(check) => String(check.slotTime ? timestampMs(check.slotTime) : 0) + check.attempt}
            loading={list.isPending}
            skeletonRows={8}
            empty={<NoChecks failed={failed} />}
          />
          <ShowMore list={list} label="Show older checks" />
        </>
      )}
    </Card>
  );
}

function NoChecks({ failed }: { failed: boolean }) {
  return failed ? (
    <EmptyState icon={<CircleCheck aria-hidden />} title="No check failed" text="Every check of the last 30 days was good." />
  ) : (
    <EmptyState icon={<Clock aria-hidden />} title="Not checked yet" text="The first check comes within its interval and appears here by itself." />
  );
}

function columnsOf(isHttp: boolean, scale: number, timeZone: string): Column<Check>[] {
  const when: Column<Check> = {
    key: "time",
    title: "Time",
    width: "150px",
    render: ({ slotTime }) => slotTime && <When time={toDate(slotTime)} timeZone={timeZone} />,
  };
  const what: Column<Check> = { key: "outcome", title: "Outcome", render: (check) => <Outcome check={check} /> };
  if (!isHttp) return [when, what];
  return [
    when,
    what,
    { key: "phases", title: "Phases", width: "28%", wideOnly: true, render: (check) => <PhaseBar check={check} scale={scale} /> },
    {
      key: "total",
      title: "Total",
      align: "end",
      width: "90px",
      render: (check) => {
        const length = checkLength(check);
        return length === undefined ? "–" : latencyText(length);
      },
    },
  ];
}

/** The day before the time of day; below it on a phone. */
function When({ time, timeZone }: { time: Date; timeZone: string }) {
  const [day, clock] = clockName(time, timeZone).split(", ");
  return (
    <time className={styles.when} dateTime={time.toISOString()} title={absoluteTime(time, timeZone)}>
      <span className={styles.day}>{day}</span> <span>{clock}</span>
    </time>
  );
}

function Outcome({ check }: { check: Check }) {
  return (
    <span className={styles.what}>
      <OutcomeMark outcome={check.outcome} />
      {check.statusCode > 0 && <span>{check.statusCode}</span>}
      {check.attempt > 0 && <span className="muted">retry {check.attempt}</span>}
      {check.outcome !== Check_Outcome.UP && check.message && <span className={styles.reason} title={check.message}>{check.message}</span>}
    </span>
  );
}
