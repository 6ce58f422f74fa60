import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { downloadCsv } from "@/charts/table";
import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { ChartColumn, Download } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { resolveRange, toTimeRange } from "@/components/query/range";
import { rangeParam } from "@/components/query/rangeParam";
import { TimeRangePicker } from "@/components/query/TimeRangePicker";
import { knownZone } from "@/components/query/zone";
import { UsageService } from "@/gen/observe/reports/v1/usage_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { DayTable } from "./DayTable";
import { isNothing, METRICS, usageTable } from "./usage";
import { UsageChart } from "./UsageChart";
import { UsageSkeleton } from "./UsageSkeleton";
import { UsageTiles } from "./UsageTiles";
import styles from "./usage.module.css";

const SHAPE = { metric: choiceParam(METRICS, "events"), range: rangeParam("30d") };
/** How often the running day is counted anew, in milliseconds. */
const RENEW_MS = 60_000;
/** How soon it is asked again after an error, in milliseconds. */
const RETRY_MS = 5_000;

/** What the project did, day by day. */
export default function UsagePage() {
  const { project, path } = useProject();
  const zone = knownZone(useTimeZone());
  const [{ metric, range: chosen }, setState] = useUrlState(SHAPE);
  const range = toTimeRange(resolveRange(chosen, zone, useNow(RENEW_MS).getTime()));
  const answer = useQuery(UsageService.method.getDailyUsage, { projectId: project.id, range }, { refetchInterval: ({ state }) => (state.error ? RETRY_MS : RENEW_MS), placeholderData: keepPreviousData });
  const error = useLastError(answer);
  const days = answer.data?.days ?? [];
  const timeZone = answer.data?.timeZone || zone;
  const exported = () => downloadCsv(`usage ${days[0]?.date ?? ""} to ${days.at(-1)?.date ?? ""}`, usageTable(days, timeZone));
  return (
    <>
      <PageHeader
        title="Usage"
        description={`What the project did, day by day. Days begin at midnight in ${timeZone}.`}
        actions={
          <>
            <TimeRangePicker value={chosen} onChange={(next) => setState({ range: next })} />
            <Button icon={<Download aria-hidden />} disabled={days.length === 0} onClick={exported}>
              Export CSV
            </Button>
          </>
        }
      />
      {error ? (
        <Card bare>
          <ErrorState error={error} onRetry={() => void answer.refetch()} />
        </Card>
      ) : !answer.data ? (
        <UsageSkeleton />
      ) : isNothing(days) ? (
        <Card bare>
          <EmptyState
            icon={<ChartColumn aria-hidden />}
            title="Nothing happened in this range"
            text="Every day gets a row here: events, people, sessions, errors, requests and the uptime of monitors. They are kept when the events themselves are no longer."
            action={
              <LinkButton to={path("install")} variant="primary">
                Send events
              </LinkButton>
            }
          />
        </Card>
      ) : (
        <div className={cx("stack", answer.isPlaceholderData && styles.stale)} aria-busy={answer.isPlaceholderData || undefined}>
          <UsageTiles days={days} chosen={metric} onChoose={(next) => setState({ metric: next })} />
          <UsageChart days={days} metric={metric} zone={knownZone(timeZone)} />
          <DayTable days={days} />
        </div>
      )}
    </>
  );
}
