import { useId } from "react";
import { Button } from "@/components/Button";
import { PopoverClose } from "@/components/Popover";
import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { type ConditionState, isNumber, type Operator, OPERATOR_INFO, OPERATORS } from "./filter";
import { CohortPicker } from "./CohortList";
import { PropertyValuePicker } from "./PropertyValuePicker";
import styles from "./filter.module.css";

const MEMBERSHIP = [
  { value: "is", label: "is in" },
  { value: "is_not", label: "is not in" },
] as const;
const OPTIONS = OPERATORS.map((value) => ({ value, label: OPERATOR_INFO[value].name }));

interface Props {
  condition: ConditionState;
  onChange(condition: ConditionState): void;
  /** Leads back to choosing the property. */
  onProperty(): void;
  eventName?: string;
}

/** One condition: property, comparison, values. */
export function ConditionEditor({ condition, onChange, onProperty, eventName }: Props) {
  const { property, scope, operator, values } = condition;
  const { takes } = OPERATOR_INFO[operator];
  const hint = useId();
  const ofCohort = scope === "cohort";
  const said = ofCohort ? "Person" : property;
  return (
    <div className={styles.editor}>
      <div className={styles.head}>
        <Button size="s" variant="ghost" className={styles.property} onClick={onProperty} title={said} aria-label={ofCohort ? "A cohort. Change" : `Property: ${property} ${scope}. Change`}>
          <span className="truncate">{said}</span>{" "}
          {!ofCohort && <span className={styles.scope}>{scope}</span>}
        </Button>
        <SelectField
          label="Comparison"
          hideLabel
          value={operator}
          options={ofCohort ? MEMBERSHIP : OPTIONS}
          onChange={(next) => onChange(withOperator(condition, next))}
        />
      </div>
      {ofCohort && <CohortPicker values={values} onChange={(next) => onChange({ ...condition, values: next })} />}
      {takes === "many" && !ofCohort && (
        <PropertyValuePicker
          property={property}
          scope={scope}
          eventName={eventName}
          values={values}
          onChange={(next) => onChange({ ...condition, values: next })}
        />
      )}
      {takes === "number" && (
        <div className={styles.number}>
          <TextField
            label="Number"
            hideLabel
            autoFocus
            inputMode="decimal"
            placeholder="A number"
            value={values[0] ?? ""}
            error={values[0] && !isNumber(values[0]) ? "This is no number." : undefined}
            onChange={(text) => onChange({ ...condition, values: [text] })}
          />
        </div>
      )}
      {operator === "matches" && (
        <p id={hint} className={styles.hint}>
          A regular expression, found anywhere in the text.
        </p>
      )}
      <footer className={styles.foot}>
        <PopoverClose asChild>
          <Button size="s" variant="primary">
            Done
          </Button>
        </PopoverClose>
      </footer>
    </div>
  );
}

/** Keeps of the values what the other comparison can use. */
function withOperator(condition: ConditionState, operator: Operator): ConditionState {
  const { takes } = OPERATOR_INFO[operator];
  const kept = takes === "many" ? condition.values : condition.values.filter(isNumber).slice(0, 1);
  return { ...condition, operator, values: takes === "none" ? [] : kept };
}
