import { useState } from "react";
import { Button } from "@/components/Button";
import { X } from "@/components/icons";
import { Popover, PopoverClose } from "@/components/Popover";
import { SelectField } from "@/components/SelectField";
import { type Attribution, BREAKDOWN_LIMIT, type BreakdownState } from "./breakdown";
import { Split } from "./icons";
import { PickerButton } from "./PickerButton";
import { type PropertyChoice, PropertyList } from "./PropertyPicker";
import filter from "./filter.module.css";
import styles from "./breakdown.module.css";

const LIMITS = ["5", "10", "25", "50", "100"];
const ATTRIBUTIONS: { value: Attribution; label: string }[] = [
  { value: "first", label: "the person's first event" },
  { value: "last", label: "the person's last event" },
];

export interface BreakdownPickerProps {
  value: BreakdownState | null;
  onChange(breakdown: BreakdownState | null): void;
  /** Whether it can be chosen which event of a person's decides: funnels. */
  attribution?: boolean;
  /** Only properties of this event are offered. */
  eventName?: string;
}

/** Chooses by which property an answer is split: the one such control of the product. */
export function BreakdownPicker({ value, onChange, attribution, eventName }: BreakdownPickerProps) {
  const [open, setOpen] = useState(false);
  const [choosing, setChoosing] = useState(value === null);
  const openChange = (next: boolean) => {
    if (next) setChoosing(value === null);
    setOpen(next);
  };
  const choose = (choice: PropertyChoice) => {
    onChange({ limit: BREAKDOWN_LIMIT, attribution: "first", ...value, ...choice });
    setOpen(false);
  };
  const text = value ? `by ${value.property}` : "Break down";
  const trigger = value ? (
    <button type="button" className={filter.chipText} title={text} aria-label={`Broken down ${text}. Change`}>
      {text}
    </button>
  ) : (
    <PickerButton text={text} icon={<Split size={14} aria-hidden />} />
  );
  const popover = (
    <Popover bare width={340} label="Break down" open={open} onOpenChange={openChange} trigger={trigger}>
      {choosing || !value ? (
        <PropertyList value={value} onPick={choose} eventName={eventName} />
      ) : (
        <Options value={value} onChange={onChange} attribution={attribution ?? false} onProperty={() => setChoosing(true)} />
      )}
    </Popover>
  );
  if (!value) return popover;
  return (
    <span className={filter.chip}>
      {popover}
      <button type="button" className={filter.chipRemove} aria-label="Remove breakdown" onClick={() => onChange(null)}>
        <X size={13} aria-hidden />
      </button>
    </span>
  );
}

interface OptionsProps {
  value: BreakdownState;
  onChange(breakdown: BreakdownState): void;
  attribution: boolean;
  onProperty(): void;
}

function Options({ value, onChange, attribution, onProperty }: OptionsProps) {
  const limits = LIMITS.includes(String(value.limit)) ? LIMITS : [...LIMITS, String(value.limit)];
  return (
    <>
      <div className={styles.options}>
        <Button className={styles.property} onClick={onProperty} title={value.property} aria-label={`Property: ${value.property} ${value.scope}. Change`}>
          <span className="truncate">{value.property}</span>{" "}
          <span className={filter.scope}>{value.scope}</span>
        </Button>
        <SelectField
          label="Values told apart"
          hint="The most frequent; the others are counted together."
          value={String(value.limit)}
          options={limits.map((limit) => ({ value: limit, label: limit }))}
          onChange={(limit) => onChange({ ...value, limit: Number(limit) })}
        />
        {attribution && (
          <SelectField
            label="A person's value is that of"
            value={value.attribution}
            options={ATTRIBUTIONS}
            onChange={(next) => onChange({ ...value, attribution: next })}
          />
        )}
      </div>
      <footer className={filter.foot}>
        <PopoverClose asChild>
          <Button size="s" variant="primary">
            Done
          </Button>
        </PopoverClose>
      </footer>
    </>
  );
}
