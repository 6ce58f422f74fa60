import type uPlot from "uplot";
import { bucketName } from "./axis";
import { changeText } from "./numbers";
import { type Buckets, type ChartSeries, seriesColor } from "./series";
import styles from "./charts.module.css";

interface Props {
  plot: uPlot;
  index: number;
  buckets: Buckets;
  series: readonly ChartSeries[];
  unfinished: boolean;
  exact(value: number): string;
}

/** All series at one time, beside the line that marks it. */
export function Readout({ plot, index, buckets, series, unfinished, exact }: Props) {
  const x = plot.valToPos(index, "x") + plot.over.offsetLeft;
  const leftHalf = x < plot.width / 2;
  const start = buckets.starts[index];
  if (start === undefined) return null;
  // The largest first, as the lines stand.
  const rows = series.map((one, place) => ({ one, place, value: one.values[index] ?? null }));
  rows.sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
  return (
    <div
      className={styles.readout}
      style={leftHalf ? { left: x + 12 } : { right: plot.width - x + 12 }}
      aria-hidden
    >
      <p className={styles.readoutTime}>
        {bucketName(start, buckets)}
        {unfinished && index === buckets.starts.length - 1 && <span> · not over yet</span>}
      </p>
      {rows.map(({ one, place, value }) => (
        <p key={one.id} className={styles.readoutRow}>
          <i className={styles.swatch} style={{ background: seriesColor(one, place) }} />
          <span className={styles.readoutName}>{one.label}</span>
          {one.notes?.[index] && <span className={styles.readoutNote}>{one.notes[index]}</span>}
          <b>{value === null ? "–" : exact(value)}</b>
          {one.previous && <Before value={value} before={one.previous[index] ?? null} exact={exact} />}
        </p>
      ))}
    </div>
  );
}

/** What it was in the time before, and by how much it has changed. */
function Before({ value, before, exact }: { value: number | null; before: number | null; exact(value: number): string }) {
  if (before === null) return null;
  const change = value !== null && before > 0 ? ` ${changeText(value / before - 1)}` : "";
  return (
    <span className={styles.readoutNote}>
      before {exact(before)}
      {change}
    </span>
  );
}
