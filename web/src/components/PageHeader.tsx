import { useEffect } from "react";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import styles from "@/components/Page.module.css";

export interface PageHeaderProps {
  title: ReactNode;
  /** The title of the browser's tab, where `title` is more than text. */
  tabTitle?: string;
  description?: ReactNode;
  actions?: ReactNode;
}

/** The first line of every page; names the browser's tab as well. */
export function PageHeader({ title, tabTitle, description, actions }: PageHeaderProps) {
  const name = tabTitle ?? (typeof title === "string" ? title : undefined);
  useEffect(() => {
    document.title = name ? `${name} · Observe` : "Observe";
  }, [name]);
  return (
    <header className={styles.header}>
      <div className={styles.titles}>
        <h1>{title}</h1>
        {description && <p className={styles.description}>{description}</p>}
      </div>
      {actions && <div className={cx("row", styles.actions)}>{actions}</div>}
    </header>
  );
}
