import { useState } from "react";
import { X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { Popover } from "@/components/Popover";
import { CohortList } from "@/components/query/CohortList";
import { ConditionPopover } from "@/components/query/ConditionPopover";
import { useCohortNames } from "@/components/query/definitions";
import { conditionText } from "@/components/query/filter";
import { PickerButton } from "@/components/query/PickerButton";
import { SelectField } from "@/components/SelectField";
import { violationsAt } from "@/features/insights/violations";
import { BehaviorFields } from "./BehaviorFields";
import type { CohortPart, PartState, PropertyPart } from "./rule";
import styles from "./cohorts.module.css";

/** The words in front of each kind, for what holds and for what must not. */
const WORDS: Record<PartState["kind"], [holds: string, not: string]> = { property: ["with", "without"], behavior: ["did", "did not do"], cohort: ["is in", "is not in"] };

export interface PartRowProps<Part = PartState> {
  part: Part;
  /** From 1, for names that tell rows apart. */
  place: number;
  onChange(part: PartState): void;
  fields: Record<string, string>;
  /** Where the condition stands in the request. */
  path: string;
}

interface Props extends PartRowProps {
  onRemove(): void;
}

/** One condition: whether it must hold or must not, and what. */
export function PartRow({ onRemove, ...props }: Props) {
  const { part, place, onChange } = props;
  const [holds, not] = WORDS[part.kind];
  return (
    <div className={styles.part}>
      <SelectField
        label={`Condition ${place}: whether it must hold`}
        hideLabel
        className={styles.negation}
        value={part.negated ? "not" : "holds"}
        options={[
          { value: "holds", label: holds },
          { value: "not", label: not },
        ]}
        onChange={(next) => onChange({ ...part, negated: next === "not" })}
      />
      {part.kind === "property" ? (
        <PropertyField {...props} part={part} />
      ) : part.kind === "cohort" ? (
        <CohortField {...props} part={part} />
      ) : (
        <BehaviorFields {...props} part={part} />
      )}
      <IconButton size="s" className={styles.remove} label={`Remove condition ${place}`} icon={<X aria-hidden />} onClick={onRemove} />
    </div>
  );
}

function PropertyField({ part, place, onChange, fields, path }: PartRowProps<PropertyPart>) {
  const text = conditionText(part.condition);
  return (
    <ConditionPopover
      condition={part.condition}
      scopes={["person"]}
      onCommit={(condition) => onChange({ ...part, condition })}
      trigger={<PickerButton text={text} wrong={violationsAt(fields, path).length > 0} aria-label={`Property of condition ${place}: ${text}`} />}
    />
  );
}

function CohortField({ part, place, onChange, fields, path }: PartRowProps<CohortPart>) {
  const [open, setOpen] = useState(false);
  const names = useCohortNames(part.id !== "");
  const text = part.id === "" ? "Choose a cohort" : (names.get(part.id) ?? "a cohort");
  const pick = (id: string) => {
    setOpen(false);
    onChange({ ...part, id });
  };
  return (
    <Popover
      bare
      width={340}
      label="Cohort"
      open={open}
      onOpenChange={setOpen}
      trigger={<PickerButton text={text} empty={part.id === ""} wrong={violationsAt(fields, path).length > 0} aria-label={`Cohort of condition ${place}: ${text}`} />}
    >
      <CohortList chosen={part.id === "" ? [] : [part.id]} onPick={pick} />
    </Popover>
  );
}
