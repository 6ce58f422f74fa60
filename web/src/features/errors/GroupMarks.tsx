import { Badge } from "@/components/Badge";
import type { ErrorGroup } from "@/gen/observe/reports/v1/error_service_pb";
import { marksOf } from "./group";
import styles from "./errors.module.css";

/** Whether a group is new, worse than usual, back again, or decided on. */
export function GroupMarks({ group }: { group: ErrorGroup }) {
  const marks = marksOf(group);
  if (marks.length === 0) return null;
  return (
    <span className={styles.marks}>
      {marks.map(({ key, tone, shape, word, hint }) => (
        <span key={key} title={hint}>
          <Badge tone={tone} shape={shape}>
            {word}
          </Badge>
        </span>
      ))}
    </span>
  );
}
