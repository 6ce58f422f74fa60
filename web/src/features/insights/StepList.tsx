import { useRef } from "react";
import { Plus, X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { EventPicker, FilterBar, NO_FILTER } from "@/components/query";
import { GripVertical } from "@/components/query/icons";
import { type StepState, STEPS_MAX, STEPS_MIN } from "./question";
import { useReorder } from "./useReorder";
import { Violations } from "./Violations";
import { violationsAt, wrongConditions } from "./violations";
import styles from "./insights.module.css";

interface Props {
  steps: readonly StepState[];
  fields: Record<string, string>;
  onChange(steps: StepState[]): void;
}

/** What has to happen, one after the other: a row for each step. */
export function StepList({ steps, fields, onChange }: Props) {
  const rows = useRef<HTMLOListElement>(null);
  const { shown, held, handle, said } = useReorder(steps, rows, onChange);
  const replace = (index: number, part: Partial<StepState>) =>
    onChange(steps.map((one, place) => (place === index ? { ...one, ...part } : one)));
  const add = (event: string) => onChange([...steps, { event, filter: NO_FILTER }]);
  return (
    <div>
      <ol className={styles.rows} ref={rows} aria-label="Steps">
        {shown.map((step, index) => (
          <li key={index}>
            <div className={styles.row} data-held={index === held || undefined}>
              <button
                type="button"
                data-handle
                className={styles.handle}
                aria-label={`Move step ${index + 1}: drag, or press the up and down arrows`}
                title="Drag, or press the up and down arrows"
                {...handle(index)}
              >
                <GripVertical size={14} aria-hidden />
              </button>
              <span className={styles.index} aria-hidden>
                {index + 1}
              </span>
              <EventPicker
                allowAny
                label={`Event of step ${index + 1}`}
                value={step.event}
                wrong={violationsAt(fields, `steps[${index}].event`).length > 0}
                onChange={(event) => replace(index, { event })}
              />
              <FilterBar
                quiet
                label={`Filters of step ${index + 1}`}
                value={step.filter}
                eventName={step.event}
                wrong={wrongConditions(fields, `steps[${index}].filter`, step.filter.conditions.length)}
                onChange={(filter) => replace(index, { filter })}
              />
              <IconButton
                size="s"
                className={styles.remove}
                label={`Remove step ${index + 1}`}
                icon={<X aria-hidden />}
                onClick={() => onChange(steps.filter((_, place) => place !== index))}
              />
            </div>
            <Violations fields={fields} path={`steps[${index}]`} />
          </li>
        ))}
      </ol>
      {steps.length < STEPS_MAX && (
        <EventPicker
          quiet={steps.length >= STEPS_MIN}
          allowAny
          value={null}
          placeholder={steps.length === 0 ? "Choose the first step" : steps.length === 1 ? "Choose the next step" : "Add step"}
          icon={<Plus size={14} aria-hidden />}
          onChange={add}
        />
      )}
      <p className="visually-hidden" aria-live="polite">
        {said}
      </p>
    </div>
  );
}
