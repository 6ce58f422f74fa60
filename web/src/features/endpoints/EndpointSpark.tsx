import type { Endpoint } from "@/gen/observe/reports/v1/latency_service_pb";
import { exactNumber } from "@/format/number";
import styles from "./endpoints.module.css";

const HEIGHT = 26;
/** The least that a failure shows, in pixels. */
const FAILED_MIN = 1;

/** Requests in equal parts of the range as small bars; what failed of each is its foot in another colour. */
export function EndpointSpark({ endpoint: { points, errorPoints } }: { endpoint: Endpoint }) {
  const top = Math.max(1, ...points.map(Number));
  const box = (index: number, y: number, height: number) => `M${index + 0.12} ${y.toFixed(1)}h0.76v${height.toFixed(1)}h-0.76z`;
  let [good, failed] = ["", ""];
  points.forEach((point, index) => {
    const count = Number(point);
    if (count === 0) return;
    const height = Math.max(1, (count / top) * HEIGHT);
    const errors = Number(errorPoints[index] ?? 0n);
    const foot = errors === 0 ? 0 : Math.min(HEIGHT, Math.max(FAILED_MIN, (errors / count) * height));
    const whole = Math.max(height, foot);
    if (foot > 0) failed += box(index, HEIGHT - foot, foot);
    if (whole > foot) good += box(index, HEIGHT - whole, whole - foot);
  });
  const sum = (all: readonly bigint[]) => exactNumber(all.reduce((total, one) => total + one, 0n));
  const label = `${sum(points)} requests over the range, ${sum(errorPoints)} failed`;
  return (
    <svg className={styles.spark} viewBox={`0 0 ${Math.max(1, points.length)} ${HEIGHT}`} height={HEIGHT} preserveAspectRatio="none" role="img" aria-label={label}>
      <path className={styles.sparkGood} d={good} />
      <path className={styles.sparkFailed} d={failed} />
    </svg>
  );
}
