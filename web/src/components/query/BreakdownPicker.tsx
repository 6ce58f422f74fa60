import { useState } from "react";
import { Button } from "@/components/Button";
import { X } from "@/components/icons";
import { Popover, PopoverClose } from "@/components/Popover";
import { SelectField } from "@/components/SelectField";
import { type Attribution, BREAKDOWN_COHORTS_MAX, type BreakdownState, newBreakdown } from "./breakdown";
import { CohortList } from "./CohortList";
import { useCohortNames } from "./definitions";
import type { PropertyScope } from "./filter";
import { Split } from "./icons";
import { PickerButton } from "./PickerButton";
import { type PropertyChoice, PropertyList } from "./PropertyPicker";
import filter from "./filter.module.css";
import styles from "./breakdown.module.css";

const LIMITS = ["5", "10", "25", "50", "100"];
const ATTRIBUTION_NAMES: Record<Exclude<Attribution, "step">, string> = {
  first: "the person's first event",
  last: "the person's last event",
  all: "every step, each value by itself",
};

/** The choices of attribution: the general ones, and each step. */
function attributions(steps: number): { value: string; label: string }[] {
  const general = Object.entries(ATTRIBUTION_NAMES).map(([value, label]) => ({ value, label }));
  return [...general, ...Array.from({ length: steps }, (_, index) => ({ value: `step${index + 1}`, label: `the event of step ${index + 1}` }))];
}

export interface BreakdownPickerProps {
  value: BreakdownState | null;
  onChange(breakdown: BreakdownState | null): void;
  /** Of a funnel, the number of its steps: it can be chosen which event of a person's decides. */
  steps?: number;
  /** Whose properties can be chosen. */
  scopes?: readonly PropertyScope[];
  /** Only properties of this event are offered. */
  eventName?: string;
}

/** Chooses by which property an answer is split: the one such control of the product. */
export function BreakdownPicker({ value, onChange, steps = 0, scopes, eventName }: BreakdownPickerProps) {
  const [open, setOpen] = useState(false);
  const [choosing, setChoosing] = useState(value === null);
  const openChange = (next: boolean) => {
    if (next) setChoosing(value === null);
    setOpen(next);
  };
  const choose = (choice: PropertyChoice) => {
    onChange({ ...(value ?? newBreakdown("event", "")), cohorts: [], ...choice });
    setOpen(false);
  };
  const chooseCohort = (id: string) => {
    onChange(newBreakdown("cohort", "", [id]));
    setChoosing(false);
  };
  const names = useCohortNames(value?.scope === "cohort");
  const text = value ? `by ${value.scope === "cohort" ? cohortsText(value.cohorts, names) : value.property}` : "Break down";
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
        <PropertyList value={value} onPick={choose} onPickCohort={chooseCohort} scopes={scopes} eventName={eventName} />
      ) : (
        <Options value={value} onChange={onChange} steps={steps} onProperty={() => setChoosing(true)} />
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
  onChange(breakdown: BreakdownState | null): void;
  steps: number;
  onProperty(): void;
}

function cohortsText(ids: readonly string[], names: ReadonlyMap<string, string>): string {
  const [first = ""] = ids;
  return ids.length === 1 ? `cohort ${names.get(first) ?? ""}`.trim() : `${ids.length} cohorts`;
}

function Options(props: OptionsProps) {
  return (
    <>
      {props.value.scope === "cohort" ? <CohortOptions {...props} /> : <PropertyOptions {...props} />}
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

/** Which cohorts are told apart; without the last one there would be no breakdown. */
function CohortOptions({ value, onChange, onProperty }: OptionsProps) {
  const toggle = (id: string) => {
    const next = value.cohorts.includes(id) ? value.cohorts.filter((one) => one !== id) : [...value.cohorts, id];
    onChange(next.length === 0 ? null : { ...value, cohorts: next.slice(0, BREAKDOWN_COHORTS_MAX) });
  };
  return (
    <>
      <div className={filter.head}>
        <Button size="s" variant="ghost" className={filter.property} onClick={onProperty}>
          Cohorts
        </Button>
      </div>
      <CohortList chosen={value.cohorts} onPick={toggle} />
    </>
  );
}

function PropertyOptions({ value, onChange, steps, onProperty }: OptionsProps) {
  const limits = LIMITS.includes(String(value.limit)) ? LIMITS : [...LIMITS, String(value.limit)];
  return (
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
      {steps > 0 && (
        <SelectField
          label="A person's value is that of"
          value={value.attribution === "step" ? `step${value.step}` : value.attribution}
          options={attributions(Math.max(steps, value.attribution === "step" ? value.step : 0))}
          onChange={(next) => onChange({ ...value, ...attributionOf(next) })}
        />
      )}
    </div>
  );
}

function attributionOf(choice: string): Pick<BreakdownState, "attribution" | "step"> {
  const step = /^step(\d+)$/.exec(choice);
  return step ? { attribution: "step", step: Number(step[1]) } : { attribution: choice as Attribution, step: 1 };
}
