import { useState } from "react";
import type { ReactNode } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";

export interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** What will happen, and what will be gone. */
  text: ReactNode;
  /** The verb: "Revoke key". */
  confirmLabel: string;
  onConfirm: () => void;
  danger?: boolean;
  loading?: boolean;
  /** What went wrong in the last try, as a sentence. */
  error?: string;
  /** A name that has to be typed first. */
  typeToConfirm?: string;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, onOpenChange, title, text, confirmLabel, onConfirm, danger, loading, error, typeToConfirm } = props;
  const [typed, setTyped] = useState("");
  const blocked = typeToConfirm !== undefined && typed !== typeToConfirm;
  const change = (next: boolean) => {
    setTyped("");
    onOpenChange(next);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={change}
      title={title}
      description={text}
      footer={
        <>
          <Button onClick={() => change(false)}>Cancel</Button>
          <Button variant={danger ? "danger" : "primary"} loading={loading} disabled={blocked} onClick={onConfirm}>
            {confirmLabel}
          </Button>
        </>
      }
    >
      {(typeToConfirm !== undefined || error) && (
        <div className="stack">
          {typeToConfirm !== undefined && (
            <TextField label={`Type “${typeToConfirm}” to go on`} value={typed} onChange={setTyped} autoComplete="off" />
          )}
          <FormMessage error={error} />
        </div>
      )}
    </Dialog>
  );
}
