import { cx } from "@/components/cx";
import styles from "./mini.module.css";

export interface MiniBarsProps {
  values: readonly (number | null)[];
  /** What each bar is of: "12 Nov". */
  names: readonly string[];
  /** What all of it shows, in words. */
  label: string;
  /** How a value is written on hover. */
  write: (value: number) => string;
  /** The last bar is of a time that is not over yet. */
  unfinished?: boolean;
  /** In pixels; the width is that of its place. */
  height?: number;
}

/** The shape of a few values, from zero, in a place too small for axes; each value is said on hover. */
export function MiniBars({ values, names, label, write, unfinished = false, height = 44 }: MiniBarsProps) {
  const top = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE);
  return (
    <div className={styles.bars} style={{ height }} role="img" aria-label={label}>
      {values.map((value, index) => (
        <span key={index} className={styles.place} title={`${names[index] ?? ""}: ${value === null ? "nothing" : write(value)}`}>
          <span
            className={cx(styles.bar, value ? undefined : styles.none, unfinished && index === values.length - 1 && styles.growing)}
            style={value ? { height: `${Math.max(4, (value / top) * 100)}%` } : undefined}
          />
        </span>
      ))}
    </div>
  );
}
