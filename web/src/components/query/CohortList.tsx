import { useMemo } from "react";
import { X } from "@/components/icons";
import { cohortName, useCohorts } from "./cohorts";
import { NameList } from "./NameList";
import styles from "./values.module.css";

interface Props {
  /** The ids of those chosen. */
  chosen: readonly string[];
  /** Told the id of the one that was pressed. */
  onPick(id: string): void;
  /** One that must not be chosen, such as the cohort whose rule this is. */
  without?: string | undefined;
}

/** The cohorts of the project by name; two never share one. */
export function CohortList({ chosen, onPick, without }: Props) {
  const { cohorts, loading, error } = useCohorts();
  const names = useMemo(() => cohorts.filter(({ id }) => id !== without).map(({ name }) => ({ name })), [cohorts, without]);
  const pick = (name: string) => {
    const found = cohorts.find((one) => one.name === name);
    if (found) onPick(found.id);
  };
  return (
    <NameList
      label="Cohorts"
      placeholder="Search cohorts"
      source={{ names, loading, error }}
      chosen={chosen.map((id) => cohortName(cohorts, id))}
      onPick={pick}
      freeTextMax={0}
      clearOnPick
      empty="There is no cohort to choose. Cohorts are made on the page People."
    />
  );
}

/** Chooses cohorts, several if wanted. Stands inside a popover. */
export function CohortPicker({ values, onChange }: { values: readonly string[]; onChange(ids: string[]): void }) {
  const { cohorts } = useCohorts();
  const toggle = (id: string) => onChange(values.includes(id) ? values.filter((one) => one !== id) : [...values, id]);
  return (
    <div className={styles.picker}>
      {values.length > 0 && (
        <ul className={styles.values} aria-label="Chosen cohorts">
          {values.map((id) => {
            const name = cohortName(cohorts, id);
            return (
              <li key={id} className={styles.value}>
                <span title={name}>{name}</span>
                <button type="button" aria-label={`Remove ${name}`} onClick={() => toggle(id)}>
                  <X size={12} aria-hidden />
                </button>
              </li>
            );
          })}
        </ul>
      )}
      <CohortList chosen={values} onPick={toggle} />
    </div>
  );
}
