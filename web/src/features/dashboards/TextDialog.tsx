import { type FormEvent, useState } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { TextArea } from "@/components/TextField";
import { TEXT_MAX } from "./draft";

const FORM_ID = "tile-text";

interface Props {
  /** What stands there; empty for a new one. */
  text: string;
  onSave(text: string): void;
  onClose(): void;
}

/** Writes the text of a tile. */
export function TextDialog({ text, onSave, onClose }: Props) {
  const [value, setValue] = useState(text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(value.trim());
    onClose();
  };
  return (
    <Dialog
      wide
      open
      onOpenChange={onClose}
      title={text === "" ? "Add a text" : "Change the text"}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" disabled={value.trim() === ""}>
            {text === "" ? "Add" : "Save"}
          </Button>
        </>
      }
    >
      <form id={FORM_ID} onSubmit={submit}>
        <TextArea label="Text" hint="Plain text; lines stay as they are." value={value} onChange={setValue} maxLength={TEXT_MAX} rows={6} autoFocus />
      </form>
    </Dialog>
  );
}
