import { useState } from "react";
import { X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { Sigma } from "@/components/query/icons";
import { PickerButton } from "@/components/query/PickerButton";
import { TextField } from "@/components/TextField";
import { FORMULA_MAX, letter } from "./question";
import styles from "./insights.module.css";

interface Props {
  value: string;
  /** How many series there are to name. */
  series: number;
  wrong: boolean;
  onChange(formula: string): void;
}

/** Arithmetic over the series, out of the way until somebody wants it. */
export function FormulaField({ value, series, wrong, onChange }: Props) {
  const [open, setOpen] = useState(false);
  if (!open && value === "") {
    return <PickerButton quiet text="Formula" icon={<Sigma size={14} aria-hidden />} onClick={() => setOpen(true)} />;
  }
  const example = series > 1 ? "A / B * 100" : "A / 1000";
  return (
    <span className={styles.formula}>
      <TextField
        label={`Formula over ${series > 1 ? `A to ${letter(series - 1)}` : "A"}, with + - * / and parentheses`}
        hideLabel
        autoFocus={value === ""}
        spellCheck={false}
        autoComplete="off"
        maxLength={FORMULA_MAX}
        placeholder={example}
        aria-invalid={wrong || undefined}
        value={value}
        onChange={onChange}
      />
      <IconButton
        size="s"
        label="Remove formula"
        icon={<X aria-hidden />}
        onClick={() => {
          setOpen(false);
          onChange("");
        }}
      />
    </span>
  );
}
