import { type ReactNode, useState } from "react";
import { Popover } from "@/components/Popover";
import { CohortList } from "./CohortList";
import { usePropertyKeys } from "./definitions";
import type { PropertyScope } from "./filter";
import { NameList } from "./NameList";
import { PickerButton } from "./PickerButton";
import styles from "./query.module.css";

export interface PropertyChoice {
  property: string;
  scope: PropertyScope;
}

export const BOTH_SCOPES: readonly PropertyScope[] = ["event", "person"];

const SCOPE_NAMES: Record<PropertyScope, string> = { event: "Event", person: "Person", session: "Session", cohort: "Cohort" };
const EMPTY: Record<Exclude<PropertyScope, "cohort">, string> = {
  event: "No properties have arrived yet. You can type a key.",
  person: "No person has properties yet. They come with $identify or $set; you can type a key.",
  session: "",
};

interface ListProps {
  value: PropertyChoice | null;
  onPick(choice: PropertyChoice): void;
  /** Whose properties can be chosen. */
  scopes?: readonly PropertyScope[];
  /** Only keys of this event are offered. */
  eventName?: string;
  /** Told the cohort that was chosen instead of a property, where the scopes have it. */
  onCohort?(id: string): void;
}

/** The list alone, for where a popover is open already. */
export function PropertyList({ value, onPick, scopes = BOTH_SCOPES, eventName = "", onCohort }: ListProps) {
  const [scope, setScope] = useState<PropertyScope>(value?.scope ?? scopes[0] ?? "event");
  const source = usePropertyKeys(scope, eventName);
  return (
    <>
      {scopes.length > 1 && (
        <div className={styles.scopes} role="group" aria-label="Whose property">
          {scopes.map((one) => (
            <button key={one} type="button" className={styles.scope} aria-pressed={one === scope} onClick={() => setScope(one)}>
              {SCOPE_NAMES[one]}
            </button>
          ))}
        </div>
      )}
      {scope === "cohort" ? (
        <CohortList chosen={[]} onPick={(id) => onCohort?.(id)} />
      ) : (
        <NameList
          key={scope}
          label={`${SCOPE_NAMES[scope]} properties`}
          placeholder={`Search ${scope} properties`}
          source={source}
          chosen={value?.scope === scope ? [value.property] : []}
          onPick={(property) => onPick({ property, scope })}
          freeTextMax={scope === "session" ? 0 : undefined}
          empty={EMPTY[scope]}
        />
      )}
    </>
  );
}

export interface PropertyPickerProps extends Omit<ListProps, "onPick" | "onCohort"> {
  onChange(choice: PropertyChoice): void;
  /** Said while none is chosen. */
  placeholder?: string;
  /** What the choice is for, for who cannot see it. */
  label?: string;
  icon?: ReactNode;
  /** Drawn without a border, for "add ...". */
  quiet?: boolean;
}

/** Chooses a property of events or of persons: the one such control of the product. */
export function PropertyPicker(props: PropertyPickerProps) {
  const { value, onChange, placeholder = "Choose a property", label = "Property", icon, quiet, ...list } = props;
  const [open, setOpen] = useState(false);
  const text = value?.property ?? placeholder;
  const name = value ? `${label}: ${text}` : text;
  const button = <PickerButton text={text} empty={!value} icon={icon} quiet={quiet} aria-label={name} />;
  const pick = (choice: PropertyChoice) => {
    setOpen(false);
    onChange(choice);
  };
  return (
    <Popover bare width={340} label={label} open={open} onOpenChange={setOpen} trigger={button}>
      <PropertyList {...list} value={value} onPick={pick} />
    </Popover>
  );
}
