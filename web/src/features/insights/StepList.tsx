import { type ReactNode, useRef } from "react";
import { Plus, X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { EventPicker } from "@/components/query";
import { GripVertical } from "@/components/query/icons";
import type { Hint } from "@/gen/observe/reports/v1/hint_pb";
import { EventRow } from "./EventRow";
import { newStep, type StepState, STEPS_MAX, STEPS_MIN } from "./question";
import { useReorder } from "./useReorder";
import styles from "./insights.module.css";

interface Props {
  steps: readonly StepState[];
  fields: Record<string, string>;
  hints: readonly Hint[];
  onChange(steps: StepState[]): void;
  /** Stands beside the button that adds a step. */
  beside?: ReactNode;
  /** Whether steps may be optional: not where they have no order. */
  mayBeOptional: boolean;
}

/** What has to happen, one after the other: a row for each step. */
export function StepList({ steps, fields, hints, onChange, mayBeOptional, beside }: Props) {
  const rows = useRef<HTMLOListElement>(null);
  const { shown, held, handle, said } = useReorder(steps, rows, onChange);
  const replace = (index: number, next: StepState) => onChange(steps.map((one, place) => (place === index ? next : one)));
  return (
    <div>
      <ol className={styles.rows} ref={rows} aria-label="Steps">
        {shown.map((step, index) => (
          <li key={index}>
            <EventRow
              name={`step ${index + 1}`}
              value={step}
              onChange={(next) => replace(index, next)}
              path={`steps[${index}]`}
              fields={fields}
              hints={hints}
              held={index === held}
              front={
                <>
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
                </>
              }
              after={mayBeOptional && index > 0 && <OptionalToggle step={step} index={index} onChange={(next) => replace(index, next)} />}
              end={
                <IconButton
                  size="s"
                  className={styles.remove}
                  label={`Remove step ${index + 1}`}
                  icon={<X aria-hidden />}
                  onClick={() => onChange(steps.filter((_, place) => place !== index))}
                />
              }
            />
          </li>
        ))}
      </ol>
      <div className={styles.adds}>
        {steps.length < STEPS_MAX && (
          <EventPicker
            quiet={steps.length >= STEPS_MIN}
            allowAny
            value={null}
            placeholder={steps.length === 0 ? "Choose the first step" : steps.length === 1 ? "Choose the next step" : "Add step"}
            icon={<Plus size={14} aria-hidden />}
            onChange={(event) => onChange([...steps, newStep(event)])}
          />
        )}
        {beside}
      </div>
      <p className="visually-hidden" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

/** Whether the steps after it can be reached without it. */
function OptionalToggle({ step, index, onChange }: { step: StepState; index: number; onChange(step: StepState): void }) {
  return (
    <button
      type="button"
      className={styles.toggle}
      aria-pressed={step.optional}
      aria-label={`Step ${index + 1} is optional`}
      title="The steps after it can be reached without it"
      onClick={() => onChange({ ...step, optional: !step.optional })}
    >
      Optional
    </button>
  );
}
