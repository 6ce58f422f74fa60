import { conversionText } from "@/charts/numbers";
import { Num } from "@/components/Num";
import { statusShares } from "./course";
import styles from "./endpoints.module.css";

/** Requests by class of status, as one bar and its words. */
export function StatusBar({ counts }: { counts: readonly bigint[] }) {
  const shares = statusShares(counts);
  if (shares.length === 0) return <p className="muted">No request of this range had a status.</p>;
  return (
    <>
      <div className={styles.statusBar} aria-hidden>
        {shares.map(({ name, share, color }) => (
          <i key={name} style={{ flexGrow: share, background: color }} />
        ))}
      </div>
      <ul className={styles.statuses} aria-label="Requests by status">
        {shares.map(({ name, count, share, color }) => (
          <li key={name}>
            <i style={{ background: color }} aria-hidden />
            <strong>{name}</strong> <Num value={count} unit="requests" /> <span className="muted">{conversionText(share)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
