import { type ChartSeries, seriesColor } from "./series";
import styles from "./charts.module.css";

/** The names of the series, for where they do not fit at the ends of their lines. */
export function Legend({ series, wideToo }: { series: readonly ChartSeries[]; wideToo: boolean }) {
  return (
    <ul className={styles.legend} data-wide={wideToo || undefined}>
      {series.map((one, index) => (
        <li key={one.id} title={one.label}>
          <i className={styles.swatch} style={{ background: seriesColor(one, index) }} aria-hidden />
          <span>{one.label}</span>
        </li>
      ))}
    </ul>
  );
}
