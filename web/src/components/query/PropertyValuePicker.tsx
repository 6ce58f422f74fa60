import { useDeferredValue, useState } from "react";
import { X } from "@/components/icons";
import { usePropertyValues } from "./definitions";
import type { PropertyScope } from "./filter";
import { NameList } from "./NameList";
import styles from "./values.module.css";

/** The longest value that may be typed. */
const VALUE_MAX = 1_000;

export interface PropertyValuePickerProps {
  property: string;
  scope: PropertyScope;
  /** Only values of this event are offered. */
  eventName?: string;
  values: readonly string[];
  onChange(values: string[]): void;
}

/** Chooses values of a property, several if wanted, out of those that came or by typing. Stands inside a popover. */
export function PropertyValuePicker({ property, scope, eventName = "", values, onChange }: PropertyValuePickerProps) {
  const [search, setSearch] = useState("");
  const source = usePropertyValues(scope, property, useDeferredValue(search).trim(), eventName);
  const toggle = (value: string) =>
    onChange(values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);
  return (
    <div className={styles.picker}>
      {values.length > 0 && (
        <ul className={styles.values} aria-label="Chosen values">
          {values.map((value) => (
            <li key={value} className={styles.value}>
              <span title={value}>{value === "" ? "(empty text)" : value}</span>
              <button type="button" aria-label={`Remove ${value === "" ? "empty text" : value}`} onClick={() => toggle(value)}>
                <X size={12} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <NameList
        label="Values"
        placeholder="Search or type a value"
        source={source}
        chosen={values}
        onPick={toggle}
        onSearch={setSearch}
        freeTextMax={VALUE_MAX}
        clearOnPick
        empty={scope === "event" ? "No value came lately. Type one and press Enter." : "Type a value and press Enter."}
      />
    </div>
  );
}
