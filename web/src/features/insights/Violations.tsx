import { violationsAt } from "./violations";
import styles from "./insights.module.css";

/** What the server found wrong with one part of the question, at that part. */
export function Violations({ fields, path }: { fields: Record<string, string>; path: string }) {
  const found = violationsAt(fields, path);
  if (found.length === 0) return null;
  return (
    <p className={styles.violation} role="alert">
      {found.join(" ")}
    </p>
  );
}
