import { memo } from "react";
import type { KeyboardEvent } from "react";
import { Link } from "wouter";
import { Sparkline } from "@/charts/Sparkline";
import { Lasting } from "@/components/Lasting";
import { latencyOf } from "@/format/latency";
import { durationMs, relativeTime, toDate } from "@/format/time";
import { Monitor_State } from "@/gen/observe/monitor/v1/monitor_pb";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import type { MonitorSummary } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { uptimeText } from "./bars";
import { everyText } from "./monitorState";
import { StateMark } from "./StateMark";
import { UptimeBars } from "./UptimeBars";
import styles from "./uptime.module.css";

export type BarsShown = "90d" | "24h";

/** How many bars each view has. */
export const BAR_COUNT: Record<BarsShown, number> = { "90d": 90, "24h": 24 };

/** One monitor in the list. The name is the link, and the whole row is its target. */
export const MonitorRow = memo(function MonitorRow({ summary, bars, to }: { summary: MonitorSummary; bars: BarsShown; to: string }) {
  const { monitor, days, hours, uptime24h, uptime90d } = summary;
  if (!monitor) return null;
  const isDays = bars === "90d";
  return (
    <li className={styles.row}>
      <span className={styles.state}>
        <StateMark state={monitor.state} />
      </span>
      <span className={styles.words}>
        <Link href={to} className={styles.name} title={monitor.name} data-monitor onKeyDown={walk}>
          {monitor.name}
        </Link>
        <Detail monitor={monitor} />
      </span>
      <span className={styles.strip}>
        <UptimeBars buckets={isDays ? days : hours} length={isDays ? "day" : "hour"} count={BAR_COUNT[bars]} label={`Uptime of ${monitor.name}`} />
      </span>
      <span className={styles.numbers}>
        <span>
          <i>24 h</i> {uptimeText(uptime24h)}
        </span>
        <span>
          <i>90 d</i> {uptimeText(uptime90d)}
        </span>
      </span>
      <Latency summary={summary} />
    </li>
  );
});

/** Under the name: what is wrong, else what is watched. */
function Detail({ monitor }: { monitor: Monitor }) {
  const { state, stateSinceTime, lastCheck, target } = monitor;
  const watched = target.case === "http" ? target.value.url : `Heartbeat ${everyText(durationMs(monitor.interval ?? ZERO) / 1_000)}`;
  if (state === Monitor_State.DOWN || state === Monitor_State.UNKNOWN) {
    const reason = lastCheck?.message ?? "";
    return (
      <span className={state === Monitor_State.DOWN ? styles.trouble : styles.address} title={reason}>
        For <Lasting since={stateSinceTime} />
        {reason && `: ${reason}`}
      </span>
    );
  }
  return (
    <span className={styles.address} title={watched}>
      {watched}
    </span>
  );
}

const ZERO = { seconds: 0n, nanos: 0 } as Parameters<typeof durationMs>[0];

function Latency({ summary: { monitor, hours } }: { summary: MonitorSummary }) {
  if (monitor?.target.case === "heartbeat") {
    const last = monitor.lastCheck?.slotTime;
    return (
      <span className={styles.latency}>
        <span className="muted" title="The last look at whether it called in">
          {last ? relativeTime(toDate(last), new Date()) : "–"}
        </span>
      </span>
    );
  }
  const course = hours.flatMap(({ p50 }) => (p50 ? [durationMs(p50)] : []));
  return (
    <span className={styles.latency}>
      <span className={styles.course}>{course.length > 1 && <Sparkline values={course} height={22} label="Median latency in the last 24 hours" />}</span>
      <span className={styles.last} title="The last check">{latencyOf(monitor?.lastCheck?.total)}</span>
    </span>
  );
}

/** The arrow keys walk from name to name. */
function walk(event: KeyboardEvent<HTMLAnchorElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = event.currentTarget.closest("li");
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  next?.querySelector<HTMLElement>("[data-monitor]")?.focus();
  event.preventDefault();
}
