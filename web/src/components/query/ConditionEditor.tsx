import { useId } from "react";
import { Button } from "@/components/Button";
import { PopoverClose } from "@/components/Popover";
import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { CohortList } from "./CohortList";
import { type ConditionState, isNumber, type Operator, OPERATOR_INFO, OPERATORS } from "./filter";
import { PropertyValuePicker } from "./PropertyValuePicker";
import styles from "./filter.module.css";

const OPTIONS = OPERATORS.map((value) => ({ value, label: OPERATOR_INFO[value].name }));
const COHORT_OPTIONS: { value: Operator; label: string }[] = [
  { value: "is", label: "in one of" },
  { value: "is_not", label: "in none of" },
];

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
  const isCohort = scope === "cohort";
  const toggle = (id: string) => onChange({ ...condition, values: values.includes(id) ? values.filter((one) => one !== id) : [...values, id] });
  return (
    <div className={styles.editor}>
      <div className={styles.head}>
        <Button size="s" variant="ghost" className={styles.property} onClick={onProperty} title={property} aria-label={isCohort ? "Cohort. Choose a property instead" : `Property: ${property} ${scope}. Change`}>
          <span className="truncate">{isCohort ? "Cohort" : property}</span>{" "}
          {!isCohort && <span className={styles.scope}>{scope}</span>}
        </Button>
        <SelectField
          label="Comparison"
          hideLabel
          value={operator}
          options={isCohort ? COHORT_OPTIONS : OPTIONS}
          onChange={(next) => onChange(withOperator(condition, next))}
        />
      </div>
      {isCohort && <CohortList chosen={values} onPick={toggle} />}
      {takes === "many" && !isCohort && (
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
