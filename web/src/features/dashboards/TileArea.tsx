import type { ReactNode } from "react";
import { readError } from "@/api/errors";
import { ErrorState } from "@/components/ErrorState";
import { FormMessage } from "@/components/FormMessage";
import { Skeleton } from "@/components/Skeleton";
import styles from "./dashboards.module.css";

interface Props {
  pending: boolean;
  error: unknown;
  onRetry(): void;
  /** The newest answer; kept, and pale, while the next is under way. */
  children: ReactNode;
}

/** Where the answer of a tile stands, or will stand: its place is kept, so that nothing jumps. */
export function TileArea({ pending, error, onRetry, children }: Props) {
  if (!children) {
    return error != null ? (
      <div className={styles.area}>
        <ErrorState error={error} onRetry={onRetry} />
      </div>
    ) : (
      <div className={styles.area} role="status" aria-label="Loading the answer">
        <Skeleton width={140} height={24} />
        <Skeleton height={230} radius="var(--radius)" />
      </div>
    );
  }
  return (
    <div className={styles.area} aria-busy={pending || undefined}>
      {error != null && <FormMessage error={readError(error).message} />}
      <div className={styles.answer} data-old={pending || error != null || undefined}>
        {children}
      </div>
    </div>
  );
}
