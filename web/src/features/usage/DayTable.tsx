import { useMemo } from "react";
import { Badge } from "@/components/Badge";
import { Card } from "@/components/Card";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import type { DailyUsage } from "@/gen/observe/reports/v1/usage_service_pb";
import { dayName, METRICS, RULES } from "./usage";
import type { Metric } from "./usage";
import styles from "./usage.module.css";

/** Left out on a phone; the file has them all. */
const WIDE_ONLY: ReadonlySet<Metric> = new Set(["sessions", "requests", "uptime"]);

const COLUMNS: readonly Column<DailyUsage>[] = [
  {
    key: "day",
    title: "Day",
    render: (day) => (
      <span className={styles.day}>
        <span title={dayName(day.date)}>
          {dayName(day.date).slice(0, -5)}
          <span className={styles.year}>{dayName(day.date).slice(-5)}</span>
        </span>{" "}
        {day.partial && <Badge>not over yet</Badge>}
      </span>
    ),
  },
  ...METRICS.map((metric): Column<DailyUsage> => {
    const { name, of, short, exact } = RULES[metric];
    const text = (day: DailyUsage) => {
      const value = of(day);
      if (value === null) return <span className="muted">–</span>;
      return metric === "uptime" ? <span title={exact(value)}>{short(value)}</span> : exact(value);
    };
    return { key: metric, title: name, align: "end", wideOnly: WIDE_ONLY.has(metric), render: text };
  }),
];

/** Every day in numbers, the latest first. */
export function DayTable({ days }: { days: readonly DailyUsage[] }) {
  const rows = useMemo(() => [...days].reverse(), [days]);
  return (
    <Card bare>
      <Table label="Usage by day, the latest first" columns={COLUMNS} rows={rows} rowKey={(day) => day.date} />
    </Card>
  );
}
