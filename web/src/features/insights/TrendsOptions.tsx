import { Segmented } from "@/components/Segmented";
import { SelectField } from "@/components/SelectField";
import type { Display, Interval } from "./question";
import type { ChangeQuestion } from "./useQuestion";
import styles from "./insights.module.css";

const INTERVAL_NAMES: Record<Interval, string> = { hour: "by hour", day: "by day", week: "by week", month: "by month" };
const DISPLAYS: { value: Display; label: string }[] = [
  { value: "lines", label: "Lines" },
  { value: "bars", label: "Bars" },
];

interface Props {
  interval: Interval;
  offered: readonly Interval[];
  display: Display;
  onChange: ChangeQuestion;
}

/** How the answer is cut into buckets and drawn. */
export function TrendsOptions({ interval, offered, display, onChange }: Props) {
  const intervals = offered.includes(interval) ? offered : [...offered, interval];
  return (
    <>
      <SelectField
        label="Interval"
        hideLabel
        className={styles.interval}
        value={interval}
        options={intervals.map((value) => ({ value, label: INTERVAL_NAMES[value] }))}
        onChange={(next) => onChange({ interval: next })}
      />
      <Segmented label="Drawn as" value={display} options={DISPLAYS} onChange={(next) => onChange({ display: next })} />
    </>
  );
}
