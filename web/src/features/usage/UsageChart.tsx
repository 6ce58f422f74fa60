import { useMemo } from "react";
import { TimeSeriesChart } from "@/charts";
import { Card } from "@/components/Card";
import type { DailyUsage } from "@/gen/observe/reports/v1/usage_service_pb";
import { bucketsOf, RULES } from "./usage";
import type { Metric } from "./usage";
import styles from "./usage.module.css";

/** One metric, large. */
export function UsageChart({ days, metric, zone }: { days: readonly DailyUsage[]; metric: Metric; zone: string }) {
  const { name, of, short, exact, whole } = RULES[metric];
  const buckets = useMemo(() => bucketsOf(days, zone), [days, zone]);
  const series = useMemo(() => [{ id: metric, label: name, values: days.map(of) }], [days, metric, name, of]);
  return (
    <Card>
      <TimeSeriesChart
        title={`${name} a day`}
        buckets={buckets}
        series={series}
        display="bars"
        unfinished={days.at(-1)?.partial ?? false}
        whole={whole}
        format={short}
        exact={exact}
        height={240}
        actions={<h2 className={styles.chartName}>{name}</h2>}
      />
    </Card>
  );
}
