import { type FormEvent, useId, useState } from "react";
import { formError, readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";
import { useToast } from "@/components/Toast";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { useProject } from "@/hooks/useProject";
import { DashboardField, destinationOf, NO_DASHBOARD } from "./DashboardField";
import { useAddToDashboard } from "./useAddToDashboard";
import { NAME_MAX, useSaving } from "./useSaved";
import styles from "./saved.module.css";

/** What can be done with a saved insight. */
export type InsightAction = "rename" | "delete" | "add";

interface Props {
  insight: SavedInsight;
  action: InsightAction;
  onClose(): void;
  onDeleted?: (() => void) | undefined;
}

/** The dialog of one action. */
export function InsightDialog({ action, ...props }: Props) {
  if (action === "rename") return <Rename {...props} />;
  return action === "delete" ? <Delete {...props} /> : <Add {...props} />;
}

type DialogProps = Omit<Props, "action">;

function Rename({ insight, onClose }: DialogProps) {
  const { project } = useProject();
  const form = useId();
  const { update } = useSaving();
  const [name, setName] = useState(insight.name);
  const [description, setDescription] = useState(insight.description);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    update.mutate({ projectId: project.id, savedInsight: { ...insight, name: name.trim(), description: description.trim() } }, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Rename insight"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={update.isPending} disabled={name.trim() === ""}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} className={styles.form} onSubmit={submit}>
        <TextField label="Name" autoFocus maxLength={NAME_MAX} value={name} onChange={setName} />
        <TextField label="Description" maxLength={2_000} value={description} onChange={setDescription} />
        <FormMessage error={formError(update.error, [])} />
      </form>
    </Dialog>
  );
}

function Delete({ insight, onClose, onDeleted }: DialogProps) {
  const { project } = useProject();
  const toast = useToast();
  const { remove } = useSaving();
  const done = () => {
    toast.ok("Insight deleted");
    onDeleted?.();
    onClose();
  };
  return (
    <ConfirmDialog
      open
      danger
      onOpenChange={onClose}
      title="Delete insight"
      text={
        <>
          <b className={styles.name}>{insight.name}</b> goes, also from every dashboard it is on. Events stay.
        </>
      }
      confirmLabel="Delete insight"
      loading={remove.isPending}
      error={remove.error ? readError(remove.error).message : undefined}
      onConfirm={() => remove.mutate({ projectId: project.id, savedInsightId: insight.id }, { onSuccess: done })}
    />
  );
}

function Add({ insight, onClose }: DialogProps) {
  const form = useId();
  const toast = useToast();
  const addToDashboard = useAddToDashboard();
  const [value, setValue] = useState(NO_DASHBOARD);
  const [state, setState] = useState<{ pending: boolean; error?: string }>({ pending: false });
  const destination = destinationOf(value);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!destination) return;
    setState({ pending: true });
    try {
      const { name } = await addToDashboard(insight.id, destination);
      toast.ok(`Added to ${name}`);
      onClose();
    } catch (thrown) {
      setState({ pending: false, error: readError(thrown).message });
    }
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Add to a dashboard"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={state.pending} disabled={!destination}>
            Add
          </Button>
        </>
      }
    >
      <form id={form} className={styles.form} onSubmit={(event) => void submit(event)}>
        <DashboardField value={value} onChange={setValue} />
        <FormMessage error={state.error} />
      </form>
    </Dialog>
  );
}
