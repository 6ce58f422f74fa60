import { Filter, X } from "@/components/icons";
import { ConditionPopover } from "./ConditionPopover";
import { useCohortNames } from "./definitions";
import { type ConditionState, conditionText, type FilterState, type PropertyScope } from "./filter";
import { PickerButton } from "./PickerButton";
import { BOTH_SCOPES } from "./PropertyPicker";
import styles from "./filter.module.css";

export interface FilterBarProps {
  value: FilterState;
  onChange(filter: FilterState): void;
  /** Only properties and values of this event are offered. */
  eventName?: string;
  /** Whose properties may be compared. */
  scopes?: readonly PropertyScope[];
  /** Whether "any of them" may be chosen; else all must hold. */
  allowAny?: boolean;
  /** What is filtered, for who cannot see it. */
  label?: string;
  /** Said on the button that adds a condition. */
  addLabel?: string;
  /** Draws that button without a border. */
  quiet?: boolean;
  /** The places of the conditions that the server refused. */
  wrong?: readonly number[];
}

/** Conditions as chips, and the button that adds one: the one filter bar of the product. */
export function FilterBar(props: FilterBarProps) {
  const { value, onChange, eventName, scopes = BOTH_SCOPES, allowAny = true, label = "Filters", addLabel = "Filter", quiet, wrong } = props;
  const { match, conditions } = value;
  const cohorts = useCohortNames(conditions.some(({ scope }) => scope === "cohort"));
  const replace = (index: number, next: ConditionState) =>
    onChange({ ...value, conditions: conditions.map((one, place) => (place === index ? next : one)) });
  const remove = (index: number) =>
    onChange({ ...value, conditions: conditions.filter((_, place) => place !== index) });
  const add = (condition: ConditionState) => onChange({ ...value, conditions: [...conditions, condition] });

  return (
    <div className={styles.bar} role="group" aria-label={label}>
      {conditions.map((condition, index) => (
        <span key={index} className={styles.joined}>
          {index > 0 && <Joint match={match} fixed={!allowAny} onChange={(next) => onChange({ ...value, match: next })} />}
          <span className={styles.chip} data-wrong={wrong?.includes(index) || undefined}>
            <ConditionPopover
              condition={condition}
              onCommit={(next) => replace(index, next)}
              scopes={scopes}
              eventName={eventName}
              trigger={
                <button type="button" className={styles.chipText} title={conditionText(condition, cohorts)}>
                  {conditionText(condition, cohorts)}
                </button>
              }
            />
            <button type="button" className={styles.chipRemove} aria-label={`Remove filter ${conditionText(condition, cohorts)}`} onClick={() => remove(index)}>
              <X size={13} aria-hidden />
            </button>
          </span>
        </span>
      ))}
      <ConditionPopover
        key={conditions.length}
        onCommit={add}
        scopes={scopes}
        eventName={eventName}
        trigger={<PickerButton text={addLabel} aria-label={`Add ${addLabel.toLowerCase()}`} quiet={quiet ?? false} icon={<Filter size={14} aria-hidden />} />}
      />
    </div>
  );
}

/** The word between two conditions; pressing it changes all of them. */
function Joint({ match, fixed, onChange }: { match: FilterState["match"]; fixed: boolean; onChange(match: FilterState["match"]): void }) {
  const word = match === "any" ? "or" : "and";
  if (fixed) return <span className={styles.joint}>{word}</span>;
  const other = match === "any" ? "all" : "any";
  return (
    <button type="button" className={styles.joint} title={`Match ${other} of them instead`} onClick={() => onChange(other)}>
      {word}
    </button>
  );
}
