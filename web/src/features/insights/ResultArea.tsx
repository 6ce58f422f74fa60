import type { ReactNode } from "react";
import { readError } from "@/api/errors";
import { ErrorState } from "@/components/ErrorState";
import { FormMessage } from "@/components/FormMessage";
import { Skeleton } from "@/components/Skeleton";
import { violationsElsewhere } from "./violations";
import styles from "./insights.module.css";

interface Props {
  pending: boolean;
  error: unknown;
  retry(): void;
  /** The parts of the request whose violations stand elsewhere on the page. */
  shown: readonly string[];
  /** The newest answer; kept, and pale, while the next is under way or could not be had. */
  children: ReactNode | null;
}

/** Where an answer stands, or will stand: its place is kept through loading and errors, so that nothing jumps. */
export function ResultArea({ pending, error, retry, shown, children }: Props) {
  const message = error == null ? undefined : errorMessage(error, shown);
  if (children === null && error != null && readError(error).kind !== "invalid") {
    return (
      <div className={styles.place} data-empty>
        <ErrorState error={error} onRetry={retry} />
      </div>
    );
  }
  return (
    <div className={styles.place} data-empty={children === null || undefined} aria-busy={pending}>
      {message && <FormMessage error={message} />}
      {children === null ? (
        pending && <ResultSkeleton />
      ) : (
        <div className={styles.answer} data-old={pending || error != null || undefined}>
          {children}
        </div>
      )}
    </div>
  );
}

function errorMessage(error: unknown, shown: readonly string[]): string {
  const problem = readError(error);
  if (problem.kind !== "invalid") return problem.message;
  const elsewhere = violationsElsewhere(problem.fields, shown);
  return ["This question cannot be answered as it is.", ...elsewhere].join(" ");
}

function ResultSkeleton() {
  return (
    <div className={styles.skeleton} role="status" aria-label="Loading the answer">
      <div className={styles.skeletonNumbers}>
        <Skeleton width={120} height={28} />
        <Skeleton width={120} height={28} />
      </div>
      <Skeleton height={300} radius="var(--radius)" />
    </div>
  );
}
