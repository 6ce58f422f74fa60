import type uPlot from "uplot";
import { spreadLabels } from "./labels";
import { type ChartSeries, seriesColor } from "./series";
import styles from "./charts.module.css";

/** The height of a label in pixels. */
const LABEL = 16;

/** The names of the lines, each where its line ends. */
export function LineLabels({ plot, series }: { plot: uPlot; series: readonly ChartSeries[] }) {
  const ends = series.map(({ values }) => plot.valToPos(values.at(-1) ?? 0, "y"));
  const middles = spreadLabels(ends, LABEL, plot.over.clientHeight);
  const left = plot.over.offsetLeft + plot.over.clientWidth + 8;
  return (
    <div className={styles.lineLabels} aria-hidden>
      {series.map((one, index) => (
        <span
          key={one.id}
          className={styles.lineLabel}
          style={{ left, top: plot.over.offsetTop + (middles[index] ?? 0) - LABEL / 2 }}
          title={one.label}
        >
          <i className={styles.swatch} style={{ background: seriesColor(one, index) }} />
          {one.label}
        </span>
      ))}
    </div>
  );
}
