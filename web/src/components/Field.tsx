import { useId } from "react";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import styles from "@/components/Field.module.css";

/** What every field has. */
export interface FieldProps {
  label: string;
  /** Says what is expected, before anything went wrong. */
  hint?: ReactNode;
  /** What is wrong with the value. */
  error?: string | undefined;
  /** The label is for screen readers only. */
  hideLabel?: boolean;
  className?: string | undefined;
}

/** What ties a control to its label and its messages. */
export interface ControlProps {
  id: string;
  "aria-invalid"?: true | undefined;
  "aria-describedby"?: string | undefined;
}

export function Field({ label, hint, error, hideLabel, className, children }: FieldProps & { children: (control: ControlProps) => ReactNode }) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={cx(styles.field, className)}>
      <label htmlFor={id} className={hideLabel ? "visually-hidden" : styles.label}>
        {label}
      </label>
      {children({ id, "aria-invalid": error ? true : undefined, "aria-describedby": note ? `${id}-note` : undefined })}
      {note && (
        <p id={`${id}-note`} className={error ? styles.error : styles.hint} aria-live={error ? "polite" : undefined}>
          {note}
        </p>
      )}
    </div>
  );
}
