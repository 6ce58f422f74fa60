import { SelectField } from "@/components/SelectField";
import type { TrendsLine } from "./trendsView";
import styles from "./insights.module.css";

interface Props {
  lines: readonly TrendsLine[];
  value: number;
  onChange(series: number): void;
}

/** Which series is shown by its values; nothing where there is only one. */
export function SeriesField({ lines, value, onChange }: Props) {
  const names = new Map(lines.map(({ series, seriesLabel }) => [series, seriesLabel]));
  if (names.size < 2) return null;
  return (
    <SelectField
      label="Series shown"
      hideLabel
      className={styles.series}
      value={String(value)}
      options={[...names].map(([series, label]) => ({ value: String(series), label }))}
      onChange={(next) => onChange(Number(next))}
    />
  );
}
