import { resolveRange } from "@/components/query";
import { SelectField } from "@/components/SelectField";
import { effectiveInterval, offeredIntervals } from "./interval";
import type { Interval, Question } from "./question";
import type { Asker } from "./request";
import type { ChangeQuestion } from "./useQuestion";
import styles from "./insights.module.css";

const NAMES: Record<Interval, string> = { hour: "by hour", day: "by day", week: "by week", month: "by month" };

/** Into what time is cut; only what makes sense for the range. */
export function IntervalField({ question, change, asker }: { question: Question; change: ChangeQuestion; asker: Asker }) {
  const range = resolveRange(question.range, asker.timeZone, asker.now);
  const interval = effectiveInterval(question.interval, range);
  const offered = offeredIntervals(range);
  const all = offered.includes(interval) ? offered : [...offered, interval];
  return (
    <SelectField
      label="Interval"
      hideLabel
      className={styles.interval}
      value={interval}
      options={all.map((value) => ({ value, label: NAMES[value] }))}
      onChange={(next) => change({ interval: next })}
    />
  );
}
