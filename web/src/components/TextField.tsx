import type { ComponentProps } from "react";
import { Field } from "@/components/Field";
import type { FieldProps } from "@/components/Field";
import styles from "@/components/Field.module.css";

export interface TextFieldProps extends FieldProps, Omit<ComponentProps<"input">, "onChange" | "value" | "className"> {
  value: string;
  onChange: (value: string) => void;
}

export function TextField({ label, hint, error, hideLabel, className, onChange, ...input }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel} className={className}>
      {(control) => <input type="text" {...input} {...control} className={styles.input} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  );
}

export interface TextAreaProps extends FieldProps, Omit<ComponentProps<"textarea">, "onChange" | "value" | "className"> {
  value: string;
  onChange: (value: string) => void;
}

/** Text of several lines. */
export function TextArea({ label, hint, error, hideLabel, className, onChange, ...input }: TextAreaProps) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel} className={className}>
      {(control) => <textarea rows={3} {...input} {...control} className={styles.input} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  );
}
