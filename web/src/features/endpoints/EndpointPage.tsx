import { useMemo } from "react";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { TimeSeriesChart } from "@/charts";
import { BackLink } from "@/components/BackLink";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Gauge } from "@/components/icons";
import { Lasting } from "@/components/Lasting";
import { PageHeader } from "@/components/PageHeader";
import { rangeName } from "@/components/query/range";
import { TimeRangePicker } from "@/components/query";
import { Skeleton } from "@/components/Skeleton";
import { latencyText } from "@/format/latency";
import { LatencyService } from "@/gen/observe/reports/v1/latency_service_pb";
import type { Endpoint, QueryLatencyResponse } from "@/gen/observe/reports/v1/latency_service_pb";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { courseOf, perText } from "./course";
import { conditionLook, endpointTitle } from "./endpoint";
import { ConditionMark } from "./EndpointTable";
import { EndpointNumbers, NumbersSkeleton } from "./EndpointNumbers";
import { Examples } from "./Examples";
import { StatusBar } from "./StatusBar";
import { useRange } from "./useRange";
import styles from "./endpoints.module.css";

const SHAPE = { service: textParam(), method: textParam(), route: textParam() };
/** How often the page is asked for again, in milliseconds. */
const RENEW_MS = 15_000;

/** One endpoint: how it went over the range, and the requests to look at. */
export default function EndpointPage() {
  const { project, path } = useProject();
  const [endpoint] = useUrlState(SHAPE);
  const { range, setRange, asked, zone, text } = useRange();
  const answer = useQuery(
    LatencyService.method.queryLatency,
    { projectId: project.id, endpoint, range: asked },
    { refetchInterval: RENEW_MS, placeholderData: keepPreviousData },
  );
  const { data } = answer;
  const title = endpointTitle(endpoint);
  const found = data?.endpoint;
  return (
    <>
      <BackLink to={path(text ? `endpoints?range=${encodeURIComponent(text)}` : "endpoints")} name="Endpoints" />
      <PageHeader
        tabTitle={title || "Endpoint"}
        title={
          <>
            <span className={styles.heading} title={title}>
              {title || "Endpoint"}
            </span>
            {found && <ConditionMark endpoint={found} />}
          </>
        }
        description={<About service={endpoint.service} endpoint={found} />}
        actions={<TimeRangePicker value={range} onChange={setRange} />}
      />
      {answer.isError && !data ? (
        <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
      ) : data && !found ? (
        <Card>
          <EmptyState
            icon={<Gauge aria-hidden />}
            title="No request in this range"
            text={`Nobody asked for this endpoint in: ${rangeName(range)}. Choose a longer range, or look at what is asked for.`}
            action={<LinkButton to={path("endpoints")}>All endpoints</LinkButton>}
          />
        </Card>
      ) : (
        <div className={cx("stack", answer.isPlaceholderData && styles.stale)} aria-busy={!data || undefined}>
          {data && found ? <Body answer={data} endpoint={found} zone={zone} /> : <BodySkeleton />}
        </div>
      )}
    </>
  );
}

function About({ service, endpoint }: { service: string; endpoint: Endpoint | undefined }) {
  return (
    <>
      {service}
      {endpoint?.sinceTime && (
        <>
          {` · ${conditionLook(endpoint.condition).word.toLowerCase()} for `}
          <Lasting since={endpoint.sinceTime} />
        </>
      )}
    </>
  );
}

function Body({ answer, endpoint, zone }: { answer: QueryLatencyResponse; endpoint: Endpoint; zone: string }) {
  const now = useNow(60_000).getTime();
  const course = useMemo(() => courseOf(answer.points, zone, now), [answer.points, zone, now]);
  return (
    <>
      <EndpointNumbers answer={answer} endpoint={endpoint} />
      <div className={styles.charts}>
        <Card>
          <TimeSeriesChart
            title="Latency"
            actions={<ChartHead title="Latency" per={perText(course.part)} />}
            buckets={course.buckets}
            series={course.latency}
            whole={false}
            format={latencyText}
            exact={latencyText}
            height={220}
            unfinished={course.unfinished}
          />
        </Card>
        <Card>
          <TimeSeriesChart
            title="Requests"
            actions={<ChartHead title="Requests" per={perText(course.part)} />}
            buckets={course.buckets}
            series={course.traffic}
            height={220}
            unfinished={course.unfinished}
          />
        </Card>
      </div>
      <Card title="Statuses">
        <StatusBar counts={answer.statusClasses} />
      </Card>
      <Examples failed={answer.failed} slowest={answer.slowest} />
    </>
  );
}

/** On one line with the tools of the chart. */
function ChartHead({ title, per }: { title: string; per: string }) {
  return (
    <>
      <h2>{title}</h2>
      <span className="muted">{per}</span>
    </>
  );
}

function BodySkeleton() {
  return (
    <>
      <NumbersSkeleton />
      <div className={styles.charts}>
        {["Latency", "Requests"].map((title) => (
          <Card key={title} title={title}>
            <Skeleton height={250} radius={8} />
          </Card>
        ))}
      </div>
      <Card title="Statuses">
        <Skeleton height={30} />
      </Card>
    </>
  );
}
