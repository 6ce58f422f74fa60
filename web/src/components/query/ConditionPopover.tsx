import { type ReactNode, useState } from "react";
import { Popover } from "@/components/Popover";
import { ConditionEditor } from "./ConditionEditor";
import { type ConditionState, isComplete, type PropertyScope } from "./filter";
import { type PropertyChoice, PropertyList } from "./PropertyPicker";

interface Props {
  trigger: ReactNode;
  /** The condition to change; none to make one. */
  condition?: ConditionState;
  onCommit(condition: ConditionState): void;
  scopes: readonly PropertyScope[];
  eventName?: string;
}

/** Makes or changes a condition: first the property, then what about it. */
export function ConditionPopover({ trigger, condition, onCommit, scopes, eventName }: Props) {
  const [open, setOpen] = useState(false);
  const [draft, setDraft] = useState<ConditionState | null>(condition ?? null);
  const [choosing, setChoosing] = useState(!condition);

  const openChange = (next: boolean) => {
    if (next) {
      setDraft(condition ?? null);
      setChoosing(!condition);
    } else if (!condition && draft && isComplete(draft)) {
      // A new one is kept when it is left: appearing earlier, it would push this popover away from under the pointer.
      onCommit(draft);
    }
    setOpen(next);
  };
  const change = (next: ConditionState) => {
    setDraft(next);
    if (condition && isComplete(next)) onCommit(next);
  };
  const choose = (choice: PropertyChoice) => {
    setChoosing(false);
    const same = draft?.property === choice.property && draft.scope === choice.scope;
    change(same ? draft : { operator: "is", ...draft, ...choice, values: [] });
  };
  const chooseCohort = (cohort: string) => {
    setChoosing(false);
    change({ property: "", scope: "cohort", operator: "is", values: [cohort] });
  };

  return (
    <Popover bare width={340} label="Filter" open={open} onOpenChange={openChange} trigger={trigger}>
      {choosing || !draft ? (
        <PropertyList value={draft} onPick={choose} onPickCohort={chooseCohort} scopes={scopes} eventName={eventName} />
      ) : (
        <ConditionEditor condition={draft} onChange={change} onProperty={() => setChoosing(true)} eventName={eventName} />
      )}
    </Popover>
  );
}
