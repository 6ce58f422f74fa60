import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { TriangleAlert } from "@/components/icons";
import type { DraftOf } from "./useDraft";
import styles from "./dashboards.module.css";

/** Whether what stands on the page is saved. */
export function SaveMark({ state }: Pick<DraftOf, "state">) {
  const words = { saved: "✓ Saved", waiting: "Saving", saving: "Saving", failed: "▲ Not saved", conflict: "▲ Not saved" }[state];
  return (
    <span className={styles.saved} role="status">
      {words}
    </span>
  );
}

/** What to do when it could not be saved; nothing while all is well. */
export function SaveTrouble({ saver }: { saver: DraftOf }) {
  const { state, error, retry, decide } = saver;
  if (state === "conflict") {
    return (
      <div className={styles.trouble} role="alert">
        <TriangleAlert aria-hidden />
        <p>
          <b>Somebody else changed this dashboard meanwhile.</b> Nothing is saved until you decide: their changes or yours would be lost.
        </p>
        <span className="row">
          <Button size="s" onClick={() => decide("theirs")}>
            Take theirs
          </Button>
          <Button size="s" variant="primary" onClick={() => decide("mine")}>
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
  return null;
}
