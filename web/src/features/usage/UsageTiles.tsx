import { MiniBars } from "@/charts/MiniBars";
import { cx } from "@/components/cx";
import type { DailyUsage } from "@/gen/observe/reports/v1/usage_service_pb";
import { dayName, METRICS, RULES, summaryOf } from "./usage";
import type { Metric } from "./usage";
import styles from "./usage.module.css";

export interface UsageTilesProps {
  days: readonly DailyUsage[];
  /** The one that is drawn large. */
  chosen: Metric;
  onChoose: (metric: Metric) => void;
}

/** Every metric with its course; pressing one draws it large. */
export function UsageTiles({ days, chosen, onChoose }: UsageTilesProps) {
  const names = days.map(({ date }) => dayName(date));
  return (
    <div className={styles.tiles} role="group" aria-label="What is drawn">
      {METRICS.map((metric) => {
        const { name, of, short, exact } = RULES[metric];
        const { value, words } = summaryOf(metric, days);
        return (
          <button key={metric} type="button" className={cx(styles.tile, metric === chosen && styles.chosen)} aria-pressed={metric === chosen} onClick={() => onChoose(metric)}>
            <span className={styles.name}>{name}</span>
            <b className={styles.value} title={value === null ? undefined : exact(value)}>
              {value === null ? "–" : short(value)}
            </b>
            <span className={styles.words}>{value === null ? "no monitors yet" : words}</span>
            <MiniBars values={days.map(of)} names={names} label={`${name}, day by day`} write={exact} unfinished={days.at(-1)?.partial ?? false} height={30} />
          </button>
        );
      })}
    </div>
  );
}
