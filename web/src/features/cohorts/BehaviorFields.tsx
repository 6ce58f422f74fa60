import { EventPicker, FilterBar } from "@/components/query";
import type { PropertyScope } from "@/components/query/filter";
import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { violationsAt, wrongConditions } from "@/features/insights/violations";
import { exactNumber } from "@/format/number";
import type { PartRowProps } from "./PartRow";
import { type BehaviorPart, COMPARISONS, DAYS_MAX, TIMES_MAX, timesLeast, wholeNumber } from "./rule";
import styles from "./cohorts.module.css";

/** Of the events, cohorts excepted: a rule names those by conditions of their own. */
const SCOPES: readonly PropertyScope[] = ["event", "person", "session"];

/** What a person did: which event, how often, in how many days, and which of those events count. */
export function BehaviorFields({ part, place, onChange, fields, path }: PartRowProps<BehaviorPart>) {
  const least = timesLeast(part.comparison);
  const isTimes = wholeNumber(part.times, least, TIMES_MAX) !== undefined;
  const isDays = wholeNumber(part.days, 1, DAYS_MAX) !== undefined;
  return (
    <>
      <EventPicker
        allowAny
        label={`Event of condition ${place}`}
        value={part.event}
        wrong={violationsAt(fields, `${path}.behavior.event`).length > 0}
        onChange={(event) => onChange({ ...part, event })}
      />
      <span className={styles.unit}>
        <SelectField
          label={`Condition ${place}: how the number of times is compared`}
          hideLabel
          className={styles.comparison}
          value={part.comparison}
          options={COMPARISONS}
          onChange={(comparison) => onChange({ ...part, comparison })}
        />
        <TextField
          label={`Condition ${place}: how many times`}
          hideLabel
          className={styles.number}
          inputMode="numeric"
          value={part.times}
          aria-invalid={isTimes ? undefined : true}
          title={isTimes ? undefined : `A whole number from ${least} to ${exactNumber(TIMES_MAX)}`}
          onChange={(times) => onChange({ ...part, times })}
        />
        <span>{part.times.trim() === "1" ? "time" : "times"}</span>
      </span>
      <span className={styles.unit}>
        <span>in the last</span>
        <TextField
          label={`Condition ${place}: in how many days`}
          hideLabel
          className={styles.number}
          inputMode="numeric"
          value={part.days}
          aria-invalid={isDays ? undefined : true}
          title={isDays ? undefined : `A whole number from 1 to ${exactNumber(DAYS_MAX)}`}
          onChange={(days) => onChange({ ...part, days })}
        />
        <span>{part.days.trim() === "1" ? "day" : "days"}</span>
      </span>
      <FilterBar
        quiet
        label={`Filters of condition ${place}`}
        scopes={SCOPES}
        value={part.filter}
        eventName={part.event ?? ""}
        wrong={wrongConditions(fields, `${path}.behavior.filter`, part.filter.conditions.length)}
        onChange={(filter) => onChange({ ...part, filter })}
      />
      {(!isTimes || !isDays) && (
        <p className={styles.wrong} role="status">
          {!isTimes ? `How often is a whole number from ${least} to ${exactNumber(TIMES_MAX)}.` : `Days are a whole number from 1 to ${exactNumber(DAYS_MAX)}.`}
        </p>
      )}
    </>
  );
}
