import { Button } from "@/components/Button";
import { Pencil } from "@/components/icons";
import { PopoverClose } from "@/components/Popover";
import { absoluteTime, toDate } from "@/format/time";
import type { Annotation } from "@/gen/observe/reports/v1/annotation_service_pb";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import styles from "./annotations.module.css";

interface Props {
  annotation: Annotation;
  /** Missing for who may only look. */
  onEdit: (() => void) | undefined;
}

/** One note: when, what, and the way to change it. */
export function NoteCard({ annotation, onEdit }: Props) {
  const timeZone = useTimeZone();
  return (
    <div className={styles.note}>
      <p className={styles.time}>{annotation.time && absoluteTime(toDate(annotation.time), timeZone).replace(/\.\d{3}/, "")}</p>
      <p className={styles.text}>{annotation.text}</p>
      {onEdit && (
        <PopoverClose asChild>
          <Button size="s" variant="ghost" icon={<Pencil aria-hidden />} onClick={onEdit}>
            Edit
          </Button>
        </PopoverClose>
      )}
    </div>
  );
}
