import { Ban } from "@/components/query/icons";
import { X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { EventPicker, NO_FILTER } from "@/components/query";
import { SelectField } from "@/components/SelectField";
import type { Hint } from "@/gen/observe/reports/v1/hint_pb";
import { EventRow } from "./EventRow";
import { EXCLUSIONS_MAX, type ExclusionState } from "./question";
import styles from "./insights.module.css";

interface Props {
  exclusions: readonly ExclusionState[];
  /** How many steps the funnel has. */
  steps: number;
  fields: Record<string, string>;
  hints: readonly Hint[];
  onChange(exclusions: ExclusionState[]): void;
}

/** Adds an event that must not happen. */
export function AddExclusion({ exclusions, onChange }: Pick<Props, "exclusions" | "onChange">) {
  if (exclusions.length >= EXCLUSIONS_MAX) return null;
  return (
    <EventPicker
      quiet
      allowAny
      value={null}
      placeholder="Exclude an event"
      icon={<Ban size={14} aria-hidden />}
      onChange={(event) => onChange([...exclusions, { event, filter: NO_FILTER, after: 1, before: 0 }])}
    />
  );
}

/** What must not happen between steps: who does it is not in the funnel at all. */
export function ExclusionList({ exclusions, steps, fields, hints, onChange }: Props) {
  const replace = (index: number, next: ExclusionState) => onChange(exclusions.map((one, place) => (place === index ? next : one)));
  if (exclusions.length === 0) return null;
  return (
    <ol className={styles.rows} aria-label="Exclusions">
      {exclusions.map((one, index) => (
        <li key={index}>
          <EventRow
            name={`exclusion ${index + 1}`}
            value={one}
            onChange={(next) => replace(index, next)}
            path={`exclusions[${index}]`}
            fields={fields}
            hints={hints}
            front={
              <span className={styles.without}>
                <Ban size={14} aria-hidden /> Not
              </span>
            }
            after={steps > 2 && <Between value={one} index={index} steps={steps} onChange={(next) => replace(index, next)} />}
            end={
              <IconButton
                size="s"
                className={styles.remove}
                label={`Remove exclusion ${index + 1}`}
                icon={<X aria-hidden />}
                onClick={() => onChange(exclusions.filter((_, place) => place !== index))}
              />
            }
          />
        </li>
      ))}
    </ol>
  );
}

/** Between which two steps; everywhere, unless something else is chosen. */
function Between({ value, index, steps, onChange }: { value: ExclusionState; index: number; steps: number; onChange(next: ExclusionState): void }) {
  const last = value.before === 0 || value.before > steps ? steps : value.before;
  const numbers = (from: number, to: number) => Array.from({ length: Math.max(0, to - from + 1) }, (_, place) => ({ value: String(from + place), label: `step ${from + place}` }));
  return (
    <span className={styles.between}>
      between
      <SelectField
        label={`After which step of exclusion ${index + 1}`}
        hideLabel
        value={String(Math.min(value.after, steps - 1))}
        options={numbers(1, steps - 1)}
        onChange={(next) => onChange({ ...value, after: Number(next), before: Number(next) >= last ? 0 : value.before })}
      />
      and
      <SelectField
        label={`Before which step of exclusion ${index + 1}`}
        hideLabel
        value={String(last)}
        options={numbers(Math.min(value.after, steps - 1) + 1, steps)}
        onChange={(next) => onChange({ ...value, before: Number(next) === steps ? 0 : Number(next) })}
      />
    </span>
  );
}
