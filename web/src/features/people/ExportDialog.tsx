import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { CircleCheck, Download } from "@/components/icons";
import { plural } from "@/format/number";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useProject } from "@/hooks/useProject";
import { personName, said } from "./person";
import { useExport } from "./useExport";
import styles from "./people.module.css";

/** Writes all that is kept of a person into one file. */
export function ExportDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { project } = useProject();
  const { progress, run } = useExport(project.id, person);
  const isRunning = progress.state === "running";
  const isDone = progress.state === "done";
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Export ${said(personName(person))}`}
      description="All that is kept of this person in one JSON file: ids, properties and their history, merges, and every event, the oldest first. Keep it safe: it is personal data."
      footer={
        <>
          <Button onClick={onClose}>{isDone ? "Close" : "Cancel"}</Button>
          <Button variant={isDone ? "secondary" : "primary"} icon={<Download aria-hidden />} loading={isRunning} onClick={() => void run()}>
            {isDone ? "Export again" : "Export"}
          </Button>
        </>
      }
    >
      <div className={styles.exported} role="status">
        {isRunning && (progress.events > 0 ? `${plural(progress.events, "event")} so far` : "Asking for what is kept")}
        {isDone && (
          <>
            <CircleCheck aria-hidden /> {plural(progress.events, "event")} in {progress.file}
          </>
        )}
        {progress.state === "idle" && <span className="muted">Nothing is changed by it.</span>}
      </div>
      <FormMessage error={progress.state === "failed" ? `${readError(progress.error).message} Nothing was written.` : undefined} />
    </Dialog>
  );
}
