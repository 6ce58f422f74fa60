import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { TriangleAlert } from "@/components/icons";
import type { DraftOf } from "./useDraft";
import styles from "./dashboards.module.css";

interface Props {
  saver: DraftOf;
  /** Says only what went wrong. */
  quiet: boolean;
}

/** Whether what stands on the page is saved; and what to do when it could not be. */
export function SaveNote({ saver, quiet }: Props) {
  const { state, error, retry, takeTheirs, keepMine } = saver;
  if (state === "conflict") {
    return (
      <div className={styles.trouble} role="alert">
        <TriangleAlert aria-hidden />
        <p>
          <b>Somebody else changed this dashboard meanwhile.</b> Nothing is saved until you decide: their changes or yours would be lost.
        </p>
        <span className="row">
          <Button size="s" onClick={takeTheirs}>
            Take theirs
          </Button>
          <Button size="s" variant="primary" onClick={keepMine}>
            Keep mine
          </Button>
        </span>
      </div>
    );
  }
  if (state === "failed") {
    const { fields, message } = readError(error);
    return (
      <div className={styles.trouble} role="alert">
        <TriangleAlert aria-hidden />
        <p>
          <b>Not saved.</b> {Object.values(fields).join(" ") || message}
        </p>
        <Button size="s" onClick={retry}>
          Try again
        </Button>
      </div>
    );
  }
  if (quiet) return null;
  return (
    <p className={styles.saved} role="status">
      {state === "saved" ? "✓ Saved" : "Saving"}
    </p>
  );
}
