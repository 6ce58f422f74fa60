import { useState } from "react";
import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { personName, said } from "@/features/people/person";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { MergePreview } from "./MergePreview";
import { PersonSearch } from "./PersonSearch";
import { canTurn, pairOf, useMerge, useMergePreview } from "./useMergePreview";

export interface MergeDialogProps {
  person: Person;
  onClose: () => void;
}

/** Picks another person, shows what the two would become, and merges them. */
export function MergeDialog({ person, onClose }: MergeDialogProps) {
  const [other, setOther] = useState<Person>();
  const [isTurned, setTurned] = useState(false);
  const pair = other && pairOf(person, other, isTurned);
  const preview = useMergePreview(pair);
  const { merge, run } = useMerge(onClose);
  const trouble = preview.data?.trouble ?? "";
  const back = () => {
    merge.reset();
    setTurned(false);
    setOther(undefined);
  };
  const turn = () => {
    merge.reset();
    setTurned(!isTurned);
  };
  if (!pair) {
    return (
      <Dialog open onOpenChange={onClose} wide title={`Merge ${said(personName(person))} with another person`} description="Choose who is the same person. Nothing is changed before you have seen what would join.">
        <PersonSearch not={person} onPick={setOther} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      wide
      title="These two will be one person"
      description="For all history at once: lists, funnels and counts follow within seconds. It can be undone on the person’s page at any time."
      footer={
        <>
          <Button onClick={back}>Choose another</Button>
          <Button variant="primary" loading={merge.isPending} disabled={!preview.data || trouble !== ""} onClick={() => run(pair)}>
            Merge
          </Button>
        </>
      }
    >
      <div className="stack">
        <MergePreview pair={pair} preview={preview} onTurn={canTurn(person, other) ? turn : undefined} />
        <FormMessage error={merge.error ? readError(merge.error).message : undefined} />
      </div>
    </Dialog>
  );
}
