import styles from "./charts.module.css";

export interface SparklineProps {
  values: readonly number[];
  /** What it shows, in words: "Events in the last 24 hours". */
  label: string;
  /** The last value is of a time that is not over yet. */
  unfinished?: boolean;
  /** Any CSS colour; the first of the series by default. */
  color?: string;
  /** In pixels; the width is that of its place. */
  height?: number;
}

const WIDTH = 100;

/** The shape of a few values, from zero, without numbers. */
export function Sparkline({ values, label, unfinished = false, color, height = 28 }: SparklineProps) {
  const top = Math.max(1, ...values);
  const points = values.map((value, index): [number, number] => [
    values.length === 1 ? WIDTH / 2 : (index / (values.length - 1)) * WIDTH,
    height - 2 - (Math.max(0, value) / top) * (height - 4),
  ]);
  const whole = unfinished ? points.slice(0, -1) : points;
  return (
    <svg className={styles.sparkline} viewBox={`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" height={height} role="img" aria-label={label} style={{ stroke: color }}>
      <polyline points={text(whole)} />
      {unfinished && points.length > 1 && <polyline points={text(points.slice(-2))} strokeDasharray="3 3" />}
    </svg>
  );
}

function text(points: readonly [number, number][]): string {
  return points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
}
