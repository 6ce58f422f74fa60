import { PageSkeleton } from "@/components/PageSkeleton";
import styles from "@/shell/Shell.module.css";

/** The frame, while it is not known yet who is signed in. */
export function ShellSkeleton() {
  return (
    <div className={styles.shell}>
      <div className={styles.rail} />
      <main className={styles.main}>
        <div className={styles.content}>
          <PageSkeleton />
        </div>
      </main>
    </div>
  );
}
