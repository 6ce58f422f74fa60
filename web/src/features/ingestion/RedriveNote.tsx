import { readError } from "@/api/errors";
import { cx } from "@/components/cx";
import { IconButton } from "@/components/IconButton";
import { CircleAlert, CircleCheck, X } from "@/components/icons";
import { exactNumber } from "@/format/number";
import { redriveText, triedOf } from "./redrive";
import type { Redrive } from "./useRedrive";
import styles from "./deadLetters.module.css";

/** What became of the last try; it stays until it is closed. */
export function RedriveNote({ redrive, onClose }: { redrive: Redrive; onClose: () => void }) {
  if (redrive.state === "idle") return null;
  if (redrive.state === "running") {
    const { tried, total } = redrive;
    // One is answered at once; only a long run needs to say how far it is.
    if (tried === 0) return null;
    return (
      <p className={styles.result} role="status">
        {exactNumber(tried)} of {exactNumber(total)} tried
      </p>
    );
  }
  const { result } = redrive;
  const isBad = redrive.state === "failed" || (result.refused > 0 && result.refused === triedOf(result));
  const look = isBad ? styles.isBad : result.refused > 0 ? styles.isMixed : styles.isOk;
  const done = redrive.state === "failed" && triedOf(result) === 0 ? "" : redriveText(result);
  return (
    <div className={cx(styles.result, look)} role={redrive.state === "failed" ? "alert" : "status"}>
      {look === styles.isOk ? <CircleCheck aria-hidden /> : <CircleAlert aria-hidden />}
      <p>{redrive.state === "failed" ? `${readError(redrive.error).message} ${done ? `Before that: ${done}` : "Nothing was changed."}` : done}</p>
      <IconButton size="s" label="Close" icon={<X aria-hidden />} onClick={onClose} />
    </div>
  );
}
