import { type FormEvent, useId, useState } from "react";
import { formError, readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";
import { useToast } from "@/components/Toast";
import type { InsightQuery } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { useProject } from "@/hooks/useProject";
import { DashboardField, destinationOf, NO_DASHBOARD } from "./DashboardField";
import { useAddToDashboard } from "./useAddToDashboard";
import { NAME_MAX, useSaving } from "./useSaved";
import styles from "./saved.module.css";

interface Props {
  query: InsightQuery;
  display: string;
  /** A name to begin with. */
  name: string;
  /** What is saved otherwise than it reads, in a sentence. */
  note?: string | undefined;
  /** Told the id of what was saved. */
  onSaved(id: string): void;
  onClose(): void;
}

/** Saves a question under a name, and puts it on a dashboard if wanted. */
export function SaveDialog({ query, display, name: suggested, note, onSaved, onClose }: Props) {
  const { project } = useProject();
  const form = useId();
  const toast = useToast();
  const { create } = useSaving();
  const addToDashboard = useAddToDashboard();
  const [name, setName] = useState(suggested);
  const [description, setDescription] = useState("");
  const [dashboard, setDashboard] = useState(NO_DASHBOARD);
  const destination = destinationOf(dashboard);
  const ready = name.trim() !== "" && destination !== undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    const made = await create.mutateAsync({ projectId: project.id, savedInsight: { name: name.trim(), description: description.trim(), query, display } }).catch(() => null);
    const id = made?.savedInsight?.id;
    if (!id) return;
    try {
      const added = destination && (await addToDashboard(id, destination));
      toast.ok(added ? `Saved, and added to ${added.name}` : "Insight saved");
    } catch (thrown) {
      toast.bad(`Saved, but not added to the dashboard. ${readError(thrown).message}`);
    }
    onSaved(id);
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Save insight"
      description={note}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={create.isPending} disabled={!ready}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} className={styles.form} onSubmit={(event) => void submit(event)}>
        <TextField label="Name" autoFocus maxLength={NAME_MAX} value={name} onChange={setName} />
        <TextField label="Description" hint="Optional: what it tells, for those who read it later." maxLength={2_000} value={description} onChange={setDescription} />
        <DashboardField none="On no dashboard" value={dashboard} onChange={setDashboard} />
        <FormMessage error={formError(create.error, [])} />
      </form>
    </Dialog>
  );
}
