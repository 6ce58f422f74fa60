import { useId } from "react";
import type { ReactNode } from "react";
import styles from "@/components/Tabs.module.css";

export interface SegmentedProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: ReactNode }[];
  /** For screen readers. */
  label: string;
}

/** One of two to four, all in view. */
export function Segmented<T extends string>({ value, onChange, options, label }: SegmentedProps<T>) {
  const name = useId();
  return (
    <div className={styles.segmented} role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value} className={styles.segment}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          {option.label}
        </label>
      ))}
    </div>
  );
}
