import type { ReactNode } from "react";
import styles from "@/components/Page.module.css";

export interface EmptyStateProps {
  title: string;
  /** What this page will show, and the one next step. */
  text: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
}

export function EmptyState({ title, text, action, icon }: EmptyStateProps) {
  return (
    <div className={styles.state}>
      {icon}
      <h2>{title}</h2>
      <p>{text}</p>
      {action && <div className={styles.stateAction}>{action}</div>}
    </div>
  );
}
