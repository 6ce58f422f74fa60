import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import { type FormEvent, useId, useState } from "react";
import { fieldError, formError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { parseLocal, writeLocal } from "@/components/query/range";
import { fromLocal, knownZone } from "@/components/query/zone";
import { TextArea, TextField } from "@/components/TextField";
import { type Annotation, AnnotationService } from "@/gen/observe/reports/v1/annotation_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import styles from "./annotations.module.css";

/** The longest text, in characters. */
const TEXT_MAX = 400;

interface Props {
  /** The one to change; none to write a new one. */
  annotation: Annotation | null;
  /** When a new one is, unless something else is chosen; in milliseconds since 1970. */
  time: number;
  onClose(): void;
}

/** Writes a note at a moment, or changes or deletes one. */
export function AnnotationDialog({ annotation, time, onClose }: Props) {
  const { project } = useProject();
  const zone = knownZone(useTimeZone());
  const form = useId();
  const [text, setText] = useState(annotation?.text ?? "");
  const [when, setWhen] = useState(() => writeLocal(annotation?.time ? timestampMs(annotation.time) : time, zone));
  const { create, update, remove } = useWriting(onClose);
  const { error, isPending } = annotation ? update : create;
  const local = parseLocal(when.slice(0, 16));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!local || text.trim() === "") return;
    const value = { projectId: project.id, text: text.trim(), time: timestampFromMs(fromLocal(local, zone)) };
    if (annotation) update.mutate({ ...value, annotationId: annotation.id });
    else create.mutate(value);
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={annotation ? "Edit annotation" : "Add annotation"}
      description="It is shown in every chart over time: a release, a campaign, an outage."
      footer={
        <>
          {annotation && (
            <Button variant="danger" className={styles.delete} loading={remove.isPending} onClick={() => remove.mutate({ projectId: project.id, annotationId: annotation.id })}>
              Delete
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={isPending} disabled={!local || text.trim() === ""}>
            {annotation ? "Save" : "Add"}
          </Button>
        </>
      }
    >
      <form id={form} className={styles.form} onSubmit={submit}>
        <TextArea label="What happened" autoFocus rows={2} maxLength={TEXT_MAX} value={text} error={fieldError(error, "text")} onChange={setText} />
        <TextField label={`When (${zone})`} type="datetime-local" value={when} error={local ? fieldError(error, "time") : "Choose a day and a time."} onChange={setWhen} />
        <FormMessage error={formError(error, ["text", "time"]) ?? formError(remove.error, [])} />
      </form>
    </Dialog>
  );
}

/** The three ways to change what is noted; each renews all charts. */
function useWriting(onDone: () => void) {
  const forget = useForget(AnnotationService);
  const { method } = AnnotationService;
  const onSuccess = () => {
    void forget();
    onDone();
  };
  return {
    create: useMutation(method.createAnnotation, { onSuccess }),
    update: useMutation(method.updateAnnotation, { onSuccess }),
    remove: useMutation(method.deleteAnnotation, { onSuccess }),
  };
}
