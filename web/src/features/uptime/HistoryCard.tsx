import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";
import { TimeSeriesChart } from "@/charts";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { ErrorState } from "@/components/ErrorState";
import { toTimeRange } from "@/components/query";
import { Segmented } from "@/components/Segmented";
import { Skeleton } from "@/components/Skeleton";
import { latencyText } from "@/format/latency";
import { plural } from "@/format/number";
import { durationMs, roughLength } from "@/format/time";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import type { Uptime, UptimeBucket } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { uptimeText } from "./bars";
import { chartBuckets, cutOf, hasLatency, type HistoryWindow, latencySeries, WINDOWS, windowRange } from "./history";
import { UptimeBars } from "./UptimeBars";
import styles from "./monitor.module.css";
import barStyles from "./bars.module.css";

const SHAPE = { window: choiceParam(WINDOWS, "24h") };
const OPTIONS = [
  { value: "24h", label: "24 h" },
  { value: "7d", label: "7 d" },
  { value: "30d", label: "30 d" },
  { value: "90d", label: "90 d" },
] as const;
const NAMES = ["24 hours", "7 days", "30 days", "90 days"];
const MINUTE_MS = 60_000;

/** How much of the time it was up, and how fast it answered. */
export function HistoryCard({ monitor }: { monitor: Monitor }) {
  const { project } = useProject();
  const [{ window }, setState] = useUrlState(SHAPE);
  const { start, end } = windowRange(window, useNow(MINUTE_MS).getTime());
  const range = useMemo(() => toTimeRange({ start, end }), [start, end]);
  const answer = useQuery(
    MonitorService.method.getUptime,
    { projectId: project.id, monitorId: monitor.id, range },
    { refetchInterval: MINUTE_MS, placeholderData: keepPreviousData },
  );
  const { data } = answer;
  const { length, count } = cutOf(window);
  const buckets = data?.buckets ?? [];

  if (answer.isError && !data) {
    return (
      <Card title="History">
        <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
      </Card>
    );
  }
  return (
    <Card className={cx(answer.isPlaceholderData && styles.stale)}>
      <dl className={styles.windows}>
        {NAMES.map((name, index) => (
          <Window key={name} name={name} uptime={data?.uptimes[index]} pending={!data} />
        ))}
      </dl>
      <div className={styles.historyHead}>
        <h2>History</h2>
        <Segmented label="Range" value={window} onChange={(next) => setState({ window: next })} options={OPTIONS} />
      </div>
      {data ? (
        <UptimeBars buckets={buckets} length={length} count={Math.min(count, Math.max(buckets.length, 1))} label={`Uptime of ${monitor.name}`} />
      ) : (
        <Skeleton height={28} />
      )}
      <p className={barStyles.axis} aria-hidden>
        <span>{NAMES[WINDOWS.indexOf(window)]} ago</span>
        <span>{length === "hour" ? "Now" : "Today"}</span>
      </p>
      {monitor.target.case === "http" && (data ? <Latency name={monitor.name} buckets={data.buckets} window={window} /> : <Skeleton height={260} radius={8} />)}
    </Card>
  );
}

/** The percentiles over the range. */
function Latency({ name, buckets, window }: { name: string; buckets: readonly UptimeBucket[]; window: HistoryWindow }) {
  const timeZone = useTimeZone();
  const drawn = useMemo(() => ({ buckets: chartBuckets(buckets, window, timeZone), series: latencySeries(buckets) }), [buckets, window, timeZone]);
  if (!hasLatency(buckets)) return <p className={styles.nothing}>No good check in this range, so there is no latency to draw.</p>;
  return (
    <div className={styles.chart}>
      <TimeSeriesChart
        title={`Latency of ${name}`}
        buckets={drawn.buckets}
        series={drawn.series}
        whole={false}
        format={latencyText}
        exact={latencyText}
        height={240}
        actions={<span className={styles.caption}>Latency of good checks, {cutOf(window).length === "hour" ? "by hour" : "by day"}</span>}
        unfinished
      />
    </div>
  );
}

function Window({ name, uptime, pending }: { name: string; uptime: Uptime | undefined; pending: boolean }) {
  const down = uptime?.down ? durationMs(uptime.down) : 0;
  const incidents = uptime?.incidents ?? 0;
  const note = incidents === 0 && down === 0 ? "No incident" : `${plural(incidents, "incident")}, down ${roughLength(down)}`;
  return (
    <div>
      <dt>{name}</dt>
      <dd className={styles.ratio}>{pending ? <Skeleton width={84} height={20} /> : uptimeText(uptime?.ratio)}</dd>
      <dd className={styles.note}>{pending ? <Skeleton width={100} height={10} /> : uptime?.ratio === undefined ? "Nothing known yet" : note}</dd>
    </div>
  );
}
