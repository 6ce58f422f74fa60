import { useId, useState } from "react";
import { Button } from "@/components/Button";
import { Download, ListPlus, Merge, Trash2 } from "@/components/icons";
import { AddToCohortDialog } from "@/features/cohorts/AddToCohortDialog";
import { MergeDialog } from "@/features/merges/MergeDialog";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import { DeleteDialog } from "./DeleteDialog";
import { ExportDialog } from "./ExportDialog";
import styles from "./people.module.css";

/** What can be done with a person. Who may not do a thing sees it, and is told who may. */
export function PersonActions({ person }: { person: Person }) {
  const { membership, canManage } = useProject();
  const [open, setOpen] = useState<"cohort" | "merge" | "export" | "delete">();
  const reason = useId();
  // Nothing brings a deleted person back, so that members, who can merge and undo it, cannot delete.
  const [may, erases] = [mayChange(membership.role), canManage];
  const close = () => setOpen(undefined);
  const why = !may ? "Members, admins and owners can add to a list, merge and export; admins and owners can delete." : !erases ? "Admins and owners can delete a person." : "";
  const describedBy = (isAllowed: boolean) => (isAllowed ? undefined : reason);
  return (
    <div className={styles.actions}>
      <div className="row">
        <Button icon={<ListPlus aria-hidden />} disabled={!may} aria-describedby={describedBy(may)} onClick={() => setOpen("cohort")}>
          Add to list
        </Button>
        <Button icon={<Merge aria-hidden />} disabled={!may} aria-describedby={describedBy(may)} onClick={() => setOpen("merge")}>
          Merge
        </Button>
        <Button icon={<Download aria-hidden />} disabled={!may} aria-describedby={describedBy(may)} onClick={() => setOpen("export")}>
          Export
        </Button>
        <Button variant="danger" icon={<Trash2 aria-hidden />} disabled={!erases} aria-describedby={describedBy(erases)} onClick={() => setOpen("delete")}>
          Delete
        </Button>
      </div>
      {why && (
        <p id={reason} className={styles.note}>
          {why}
        </p>
      )}
      {open === "cohort" && <AddToCohortDialog person={person} onClose={close} />}
      {open === "merge" && <MergeDialog person={person} onClose={close} />}
      {open === "export" && <ExportDialog person={person} onClose={close} />}
      {open === "delete" && <DeleteDialog person={person} onClose={close} />}
    </div>
  );
}
