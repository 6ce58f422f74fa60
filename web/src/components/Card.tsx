import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import styles from "@/components/Card.module.css";

export interface CardProps {
  title?: ReactNode;
  /** One line below the title. */
  description?: ReactNode;
  /** At the end of the title's line. */
  actions?: ReactNode;
  children?: ReactNode;
  /** Buttons below a line. */
  footer?: ReactNode;
  /** Content reaches the edge, for tables. */
  bare?: boolean;
  className?: string;
}

export function Card({ title, description, actions, children, footer, bare, className }: CardProps) {
  return (
    <section className={cx(styles.card, className)}>
      {(title || actions) && (
        <header className={styles.head}>
          <div className={styles.words}>
            {title && <h2>{title}</h2>}
            {description && <p>{description}</p>}
          </div>
          {actions && <div className={cx("row", styles.actions)}>{actions}</div>}
        </header>
      )}
      {children && <div className={bare ? styles.bare : styles.body}>{children}</div>}
      {footer && <footer className={styles.foot}>{footer}</footer>}
    </section>
  );
}
