import { type ReactNode, useState } from "react";
import { Popover } from "@/components/Popover";
import { usePropertyKeys } from "./definitions";
import { CohortList } from "./CohortList";
import { type PropertyScope, SCOPE_INFO, SCOPES } from "./filter";
import { NameList } from "./NameList";
import { PickerButton } from "./PickerButton";
import styles from "./query.module.css";

export interface PropertyChoice {
  property: string;
  scope: PropertyScope;
}

export const BOTH_SCOPES: readonly PropertyScope[] = ["event", "person"];
/** What questions of reports know. */
export const INSIGHT_SCOPES: readonly PropertyScope[] = SCOPES;

const EMPTY: Record<Exclude<PropertyScope, "cohort">, string> = {
  event: "No properties have arrived yet. You can type a key.",
  person: "No person has properties yet. They come with $identify or $set; you can type a key.",
  session: "Sessions have no properties.",
};

interface ListProps {
  value: PropertyChoice | null;
  onPick(choice: PropertyChoice): void;
  /** Told the id of a cohort, where cohorts can be chosen. */
  onPickCohort?: ((id: string) => void) | undefined;
  /** Whose properties can be chosen. */
  scopes?: readonly PropertyScope[];
  /** Only keys of this event are offered. */
  eventName?: string;
}

/** The list alone, for where a popover is open already. */
export function PropertyList({ value, onPick, onPickCohort, scopes: asked = BOTH_SCOPES, eventName = "" }: ListProps) {
  const scopes = onPickCohort ? asked : asked.filter((one) => one !== "cohort");
  const [scope, setScope] = useState<PropertyScope>(value?.scope ?? scopes[0] ?? "event");
  return (
    <>
      {scopes.length > 1 && (
        <div className={styles.scopes} role="group" aria-label="Whose property">
          {scopes.map((one) => (
            <button key={one} type="button" className={styles.scope} aria-pressed={one === scope} onClick={() => setScope(one)}>
              {SCOPE_INFO[one].name}
            </button>
          ))}
        </div>
      )}
      {scope === "cohort" ? (
        <CohortList chosen={[]} onPick={(id) => onPickCohort?.(id)} />
      ) : (
        <Keys key={scope} scope={scope} eventName={eventName} chosen={value?.scope === scope ? [value.property] : []} onPick={(property) => onPick({ property, scope })} />
      )}
    </>
  );
}

interface KeysProps {
  scope: Exclude<PropertyScope, "cohort">;
  eventName: string;
  chosen: string[];
  onPick(property: string): void;
}

function Keys({ scope, eventName, chosen, onPick }: KeysProps) {
  const source = usePropertyKeys(scope, eventName);
  return (
    <NameList
      label={`${SCOPE_INFO[scope].name} properties`}
      placeholder={`Search ${scope} properties`}
      source={source}
      chosen={chosen}
      onPick={onPick}
      {...(scope === "session" && { freeTextMax: 0 })}
      empty={EMPTY[scope]}
    />
  );
}

export interface PropertyPickerProps extends Omit<ListProps, "onPick" | "onPickCohort"> {
  onChange(choice: PropertyChoice): void;
  /** Said while none is chosen. */
  placeholder?: string;
  /** What the choice is for, for who cannot see it. */
  label?: string;
  icon?: ReactNode;
  /** Drawn without a border, for "add ...". */
  quiet?: boolean;
  /** Marks a choice that the server refused. */
  wrong?: boolean;
}

/** Chooses a property of events or of persons: the one such control of the product. */
export function PropertyPicker(props: PropertyPickerProps) {
  const { value, onChange, placeholder = "Choose a property", label = "Property", icon, quiet, wrong, ...list } = props;
  const [open, setOpen] = useState(false);
  const text = value?.property ?? placeholder;
  const name = value ? `${label}: ${text}` : text;
  const button = <PickerButton text={text} empty={!value} icon={icon} quiet={quiet} wrong={wrong} aria-label={name} />;
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
