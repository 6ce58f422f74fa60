import { Button } from "@/components/Button";
import styles from "@/components/Card.module.css";

export interface ShowMoreProps {
  /** The list that is read page by page. */
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  /** What comes next: "Show older merges". */
  label: string;
  size?: "s";
}

/** Below a list: a button for the next page, while there is one. At the foot of a bare card, a line is above it. */
export function ShowMore({ list, label, size }: ShowMoreProps) {
  if (!list.hasNextPage) return null;
  return (
    <div className={styles.more}>
      <Button size={size} loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {label}
      </Button>
    </div>
  );
}
