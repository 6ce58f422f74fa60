import { type FormEvent, useMemo, useState } from "react";
import { formError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { useToast } from "@/components/Toast";
import { exactNumber, plural } from "@/format/number";
import type { Cohort } from "@/gen/observe/reports/v1/cohort_service_pb";
import { IdsField } from "./IdsField";
import { IDS_MAX, readIds } from "./pasted";
import { useAddPersons } from "./useAddPersons";

const FORM_ID = "add-people";

/** Puts more people on a fixed list. */
export function AddPeopleDialog({ cohort, onClose }: { cohort: Cohort; onClose: () => void }) {
  const [text, setText] = useState("");
  const pasted = useMemo(() => readIds(text), [text]);
  const { add, done, error } = useAddPersons();
  const toast = useToast();
  const count = pasted.ids.length;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await add(cohort.id, pasted.ids))) return;
    toast.ok(`${plural(count, "distinct id")} on the list`);
    onClose();
  };
  return (
    <Dialog
      wide
      open
      onOpenChange={onClose}
      title="Add people"
      description="Those that are on the list stay."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" disabled={count === 0 || count > IDS_MAX} loading={done !== undefined}>
            {done === undefined ? "Add" : `${exactNumber(done)} of ${exactNumber(count)}`}
          </Button>
        </>
      }
    >
      <form id={FORM_ID} className="stack" onSubmit={(event) => void submit(event)}>
        <FormMessage error={formError(error, [])} />
        <IdsField value={text} onChange={setText} pasted={pasted} />
      </form>
    </Dialog>
  );
}
