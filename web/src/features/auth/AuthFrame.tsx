import { useEffect } from "react";
import type { ReactNode } from "react";
import { Logo } from "@/components/Logo";
import styles from "@/features/auth/Auth.module.css";

export interface AuthFrameProps {
  title: string;
  text?: ReactNode;
  children?: ReactNode;
  /** Below the card. */
  aside?: ReactNode;
}

/** The page around the forms of people who are not signed in. */
export function AuthFrame({ title, text, children, aside }: AuthFrameProps) {
  useEffect(() => {
    document.title = `${title} · Observe`;
  }, [title]);
  return (
    <main className={styles.page}>
      <div className={styles.column}>
        <div className={styles.brand}>
          <Logo size={26} />
          Observe
        </div>
        <div className={styles.card}>
          <h1>{title}</h1>
          {text && <p className="muted">{text}</p>}
          {children}
        </div>
        {aside && <p className={styles.aside}>{aside}</p>}
      </div>
    </main>
  );
}
