import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { choices, keepText } from "@/features/settings/retention";
import type { LengthDraft } from "@/features/settings/retention";
import styles from "@/features/settings/Settings.module.css";

export interface LengthFieldProps {
  /** What is kept: "Events". */
  label: string;
  /** The name of the longest choice, and what it means as a sentence. */
  longest: string;
  longestText: string;
  value: LengthDraft;
  onChange: (length: LengthDraft) => void;
  error: string | undefined;
  now: Date;
  disabled: boolean;
}

/** How long one kind of data is kept, with what that means today. */
export function LengthField({ label, longest, longestText, value, onChange, error, now, disabled }: LengthFieldProps) {
  const isOther = value.choice === "other";
  const hint = keepText(label, value, longestText, now);
  // Another number begins with that of the choice before.
  const choose = (choice: string) => onChange({ choice, days: choice === "other" || choice === "" ? value.days : choice });
  return (
    <div className={styles.length}>
      <SelectField label={label} value={value.choice} options={choices(longest)} onChange={choose} hint={isOther ? undefined : hint} error={isOther ? undefined : error} disabled={disabled} />
      {isOther && (
        <TextField
          label={`Days to keep ${label.toLowerCase()}`}
          hideLabel
          inputMode="numeric"
          value={value.days}
          onChange={(days) => onChange({ ...value, days })}
          hint={hint}
          error={error}
          disabled={disabled}
          autoComplete="off"
        />
      )}
    </div>
  );
}
