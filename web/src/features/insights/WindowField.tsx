import { useState } from "react";
import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { isWindow, WINDOW_UNITS, type WindowState, type WindowUnit } from "./question";
import styles from "./insights.module.css";

const NAMES: Record<WindowUnit, string> = { minute: "minutes", hour: "hours", day: "days" };
const OPTIONS = WINDOW_UNITS.map((value) => ({ value, label: NAMES[value] }));

/** How long all steps may take together. What is no legal length stays in the field, with a word about it. */
export function WindowField({ value, onChange }: { value: WindowState; onChange(window: WindowState): void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? String(value.amount);
  const valid = isWindow({ ...value, amount: read(text) });
  const change = (next: string) => {
    const window = { ...value, amount: read(next) };
    setTyped(next);
    if (isWindow(window)) onChange(window);
  };
  return (
    <div className={styles.window} role="group" aria-label="Window">
      <span>within</span>
      <TextField
        label="Length of the window"
        hideLabel
        className={styles.windowAmount}
        inputMode="numeric"
        value={text}
        onChange={change}
        onBlur={() => valid && setTyped(null)}
      />
      <SelectField
        label="Unit of the window"
        hideLabel
        className={styles.windowUnit}
        value={value.unit}
        options={OPTIONS}
        onChange={(unit) => {
          const amount = Number.isNaN(read(text)) ? value.amount : read(text);
          // 300 days stay 300 hours, but 500 hours cannot become 500 days.
          onChange(isWindow({ amount, unit }) ? { amount, unit } : { amount: 1, unit });
          setTyped(null);
        }}
      />
      <span role="status" data-wrong={!valid || undefined}>
        {valid ? "of the first step" : "1 minute to 366 days"}
      </span>
    </div>
  );
}

function read(text: string): number {
  return /^\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
}
