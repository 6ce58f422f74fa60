import { Segmented } from "@/components/Segmented";
import { SelectField } from "@/components/SelectField";
import { LIFECYCLE_STATES } from "../answers/LifecycleAnswerView";
import { type Behind, isKind } from "./behind";
import styles from "./behind.module.css";

interface Props {
  behind: Behind;
  onChange(behind: Behind): void;
}

/** The numbers beside the one that was pressed: those who came so far or did not, the other states, the other series. */
export function Choices({ behind, onChange }: Props) {
  if (isKind(behind, "funnel") && behind.number.step > 1) {
    const { number } = behind;
    return (
      <Choice
        label="Which persons"
        value={number.droppedOff ? "dropped" : "took"}
        options={[
          { value: "took", label: "Took the step" },
          { value: "dropped", label: "Dropped off" },
        ]}
        onChange={(value) => onChange({ ...behind, number: { ...number, droppedOff: value === "dropped" } })}
      />
    );
  }
  if (isKind(behind, "retention") && behind.number.column > 0) {
    const { number } = behind;
    return (
      <Choice
        label="Which persons"
        value={number.droppedOff ? "dropped" : "back"}
        options={[
          { value: "back", label: "Came back" },
          { value: "dropped", label: "Did not" },
        ]}
        onChange={(value) => onChange({ ...behind, number: { ...number, droppedOff: value === "dropped" } })}
      />
    );
  }
  if (isKind(behind, "lifecycle")) {
    const { number } = behind;
    return (
      <Choice
        label="Which persons"
        value={String(number.state)}
        options={LIFECYCLE_STATES.map(({ state, name }) => ({ value: String(state), label: name }))}
        onChange={(value) => onChange({ ...behind, number: { ...number, state: Number(value) } })}
      />
    );
  }
  if ((isKind(behind, "trends") && !behind.request.breakdown) || isKind(behind, "stickiness")) {
    const { series } = behind.request;
    if (series.length < 2) return null;
    return (
      <SelectField
        label="Series"
        className={styles.choice}
        value={String(behind.number.series)}
        options={series.map(({ event }, index) => ({ value: String(index + 1), label: `${index + 1}. ${event || "any event"}` }))}
        onChange={(value) => onChange({ ...behind, number: { ...behind.number, series: Number(value) } } as Behind)}
      />
    );
  }
  return null;
}

function Choice({ label, value, options, onChange }: { label: string; value: string; options: { value: string; label: string }[]; onChange(value: string): void }) {
  return (
    <div className={styles.choice}>
      <Segmented label={label} value={value} options={options} onChange={onChange} />
    </div>
  );
}
