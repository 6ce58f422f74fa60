import { CircleAlert } from "@/components/icons";
import styles from "@/components/Field.module.css";

/** What went wrong with a form as a whole; nothing while all is well. Screen readers hear it when it appears. */
export function FormMessage({ error }: { error?: string | undefined }) {
  if (!error) return null;
  return (
    <p className={styles.formError} role="alert">
      <CircleAlert aria-hidden />
      <span>{error}</span>
    </p>
  );
}
