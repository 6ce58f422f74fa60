import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { cx } from "@/components/cx";
import { CircleAlert, RefreshCw } from "@/components/icons";
import styles from "@/components/Page.module.css";

export interface ErrorStateProps {
  /** Whatever was thrown. */
  error: unknown;
  onRetry?: () => void;
}

const TITLES: Partial<Record<ReturnType<typeof readError>["kind"], string>> = {
  "not-found": "Not found",
  forbidden: "Not allowed",
  invalid: "This question cannot be answered",
  limited: "Too many requests",
  loading: "Just a moment",
  unavailable: "Not available right now",
  offline: "No connection",
  unbuilt: "Not available here",
};

/** What happened, and what to do about it. */
export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const problem = readError(error);
  const details = Object.values(problem.fields);
  return (
    <div className={cx(styles.state, styles.bad)} role="alert">
      <CircleAlert aria-hidden />
      <h2>{TITLES[problem.kind] ?? "Something went wrong"}</h2>
      <p>{details.length > 0 ? details.join(" ") : problem.message}</p>
      {onRetry && problem.kind !== "unbuilt" && (
        <div className={styles.stateAction}>
          <Button icon={<RefreshCw aria-hidden />} onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}
