import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";
import { SecretOnce } from "@/features/settings/SecretOnce";
import { Key_Kind } from "@/gen/observe/identity/v1/key_pb";
import { KeyService } from "@/gen/observe/identity/v1/key_service_pb";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

const FORM_ID = "new-key";
const KINDS = [
  { kind: Key_Kind.WRITE, name: "Write", text: "May only send events. It is public: put it into pages and apps." },
  { kind: Key_Kind.SECRET, name: "Secret", text: "May read and change what the project holds. Keep it on servers." },
];

export interface NewKeyDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onMade: () => void;
}

export function NewKeyDialog({ open, onOpenChange, onMade }: NewKeyDialogProps) {
  const { project } = useProject();
  const [name, setName] = useState("");
  const [kind, setKind] = useState(Key_Kind.WRITE);
  const create = useMutation(KeyService.method.createKey, { onSuccess: onMade });
  const close = () => {
    onOpenChange(false);
    setName("");
    create.reset();
  };
  if (create.data) {
    const text = kind === Key_Kind.SECRET ? "Copy it now: it is not kept, and cannot be shown again." : "It can be copied again from the list of keys.";
    return <SecretOnce open={open} title="The new key" text={text} label="Copy key" secret={create.data.token} onClose={close} />;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ projectId: project.id, name, kind });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title="New key"
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending}>
            Create key
          </Button>
        </>
      }
    >
      <form id={FORM_ID} className="stack" onSubmit={submit}>
        <FormMessage error={formError(create.error, ["name"])} />
        <TextField
          label="Name"
          hint="What it is for, so that it can be recognised later."
          value={name}
          onChange={setName}
          required
          maxLength={100}
          autoFocus
          autoComplete="off"
          error={fieldError(create.error, "name")}
        />
        <fieldset className={styles.kinds}>
          <legend>Kind</legend>
          {KINDS.map((one) => (
            <label key={one.kind} className={styles.kind}>
              <input type="radio" name="kind" checked={kind === one.kind} onChange={() => setKind(one.kind)} />
              <span>
                <strong>{one.name}</strong>
                <span>{one.text}</span>
              </span>
            </label>
          ))}
        </fieldset>
      </form>
    </Dialog>
  );
}
