import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import styles from "@/components/Small.module.css";

export interface BadgeProps {
  /** Colour is for status; "neutral" for everything else. */
  tone?: "neutral" | "accent" | "ok" | "warn" | "bad" | "info";
  /** A shape beside the word, so that colour never speaks alone. */
  shape?: ReactNode;
  children: ReactNode;
}

export function Badge({ tone = "neutral", shape, children }: BadgeProps) {
  return (
    <span className={cx(styles.badge, styles[tone])}>
      {shape && <span aria-hidden>{shape}</span>}
      {children}
    </span>
  );
}
