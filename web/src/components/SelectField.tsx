import type { ComponentProps } from "react";
import { cx } from "@/components/cx";
import { Field } from "@/components/Field";
import type { FieldProps } from "@/components/Field";
import { ChevronDown } from "@/components/icons";
import styles from "@/components/Field.module.css";

export interface Option<T extends string> {
  value: T;
  label: string;
  disabled?: boolean;
}

export interface SelectFieldProps<T extends string>
  extends FieldProps,
    Omit<ComponentProps<"select">, "onChange" | "value" | "className" | "children"> {
  value: T;
  onChange: (value: T) => void;
  options: readonly Option<T>[];
}

/** One of a few. The browser's own list: it works with every keyboard, screen reader and phone. */
export function SelectField<T extends string>(props: SelectFieldProps<T>) {
  const { label, hint, error, hideLabel, className, onChange, options, ...select } = props;
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel} className={className}>
      {(control) => (
        <div className={styles.selectBox}>
          <select {...select} {...control} className={cx(styles.input, styles.select)} onChange={(event) => onChange(event.target.value as T)}>
            {options.map((option) => (
              <option key={option.value} value={option.value} disabled={option.disabled}>
                {option.label}
              </option>
            ))}
          </select>
          <ChevronDown aria-hidden />
        </div>
      )}
    </Field>
  );
}
