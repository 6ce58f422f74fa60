import { useState } from "react";
import type { FormEvent } from "react";
import { formError, readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { FormMessage } from "@/components/FormMessage";
import { LengthField } from "@/features/settings/LengthField";
import { draftOf, lossesOf, lossText, readDraft } from "@/features/settings/retention";
import type { LengthDraft, Retention, RetentionDraft } from "@/features/settings/retention";
import { useSaveProject } from "@/features/settings/useSaveProject";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

/** How often the dates on the page are worked out again, in milliseconds. */
const CLOCK_MS = 60_000;

/** How long data is kept. */
export function RetentionForm() {
  const { project, canManage } = useProject();
  const present: Retention = { eventDays: project.retention?.eventDays ?? 0, exceptionDays: project.retention?.exceptionDays ?? 0 };
  const [draft, setDraft] = useState<RetentionDraft>(() => draftOf(present));
  const [asked, setAsked] = useState<Retention>();
  const [tried, setTried] = useState(false);
  const now = useNow(CLOCK_MS);
  const update = useSaveProject("Retention saved", () => setAsked(undefined));
  const read = readDraft(draft);
  const problems = tried && "problems" in read ? read.problems : {};
  const change = (kind: keyof RetentionDraft) => (length: LengthDraft) => setDraft({ ...draft, [kind]: length });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    update.reset();
    if ("problems" in read) return;
    if (lossesOf(present, read.retention, new Date()).length > 0) setAsked(read.retention);
    else update.mutate({ retention: read.retention });
  };
  const losses = asked ? lossesOf(present, asked, now) : [];
  const what = "How long data is kept, in whole days of UTC since it happened. What is older is deleted in the background.";
  const ends = { now, disabled: !canManage };
  return (
    <form onSubmit={submit} noValidate>
      <Card
        title="Retention"
        description={canManage ? what : `${what} Owners and admins can change it.`}
        footer={
          canManage && (
            <Button type="submit" variant="primary" loading={update.isPending}>
              Save retention
            </Button>
          )
        }
      >
        <div className={`stack ${styles.form}`}>
          <FormMessage error={asked ? undefined : formError(update.error, [])} />
          <LengthField {...ends} label="Events" longest="For ever" longestText="Events are kept for ever." value={draft.events} onChange={change("events")} error={problems.events} />
          <LengthField
            {...ends}
            label="Errors"
            longest="As long as other events"
            longestText="Errors, which are events named $exception, go with the other events."
            value={draft.exceptions}
            onChange={change("exceptions")}
            error={problems.exceptions}
          />
        </div>
      </Card>
      <ConfirmDialog
        open={asked !== undefined}
        onOpenChange={() => setAsked(undefined)}
        title="Delete what is older?"
        text={`${lossText(losses)} will be deleted, and cannot be brought back. Each day, what grows older than that goes as well. The daily numbers under Usage stay.`}
        confirmLabel="Save and delete"
        danger
        typeToConfirm={project.name}
        loading={update.isPending}
        error={update.error ? readError(update.error).message : undefined}
        onConfirm={() => asked && update.mutate({ retention: asked })}
      />
    </form>
  );
}
