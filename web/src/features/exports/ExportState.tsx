import { FormMessage } from "@/components/FormMessage";
import { CircleCheck } from "@/components/icons";
import { bytesText, countText, failureText, progressText, shareDone } from "./exportView";
import type { FileExport } from "./useFileExport";
import styles from "./exports.module.css";

/** How an export is going, and how it ended. */
export function ExportState({ exported }: { exported: FileExport }) {
  return (
    <>
      {exported.state === "running" && (
        <div className={styles.running}>
          {/* Without a value it says that it is under way, and not how far. */}
          <progress className={styles.bar} aria-label="Export" max={1} value={shareDone(exported.progress)} />
          <p>{progressText(exported.kind, exported.progress)}. Stay on this page until it is done.</p>
        </div>
      )}
      {/* Said when it ends; each step of a bar would be too much to hear. */}
      <div className={styles.ended} role="status">
        {exported.state === "done" && (
          <>
            <CircleCheck aria-hidden />
            <span>
              {countText(exported.kind, exported.progress.rows)} in {exported.file} ({bytesText(exported.progress.bytes)})
            </span>
          </>
        )}
        {exported.state === "cancelled" && <span>Cancelled. Nothing was saved.</span>}
      </div>
      <FormMessage error={exported.state === "failed" ? failureText(exported.error) : undefined} />
    </>
  );
}
