import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import { cx } from "@/components/cx";
import styles from "@/components/Button.module.css";

export interface ButtonLook {
  variant?: "primary" | "secondary" | "ghost" | "danger";
  size?: "s" | "m";
  /** Stands before the words. */
  icon?: ReactNode;
}

export interface ButtonProps extends ButtonLook, ComponentProps<"button"> {
  /** Shows that the action is under way; the button keeps its size and cannot be pressed again. */
  loading?: boolean;
}

export function Button({ variant = "secondary", size = "m", icon, loading, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={cx(styles.button, styles[variant], styles[size], loading && styles.loading, className)}
      disabled={disabled || loading}
      aria-busy={loading || undefined}
    >
      {icon}
      {children}
    </button>
  );
}

export interface LinkButtonProps extends ButtonLook {
  to: string;
  children: ReactNode;
  className?: string;
}

/** A link that looks like a button, for what leads to a page. */
export function LinkButton({ to, variant = "secondary", size = "m", icon, children, className }: LinkButtonProps) {
  return (
    <Link href={to} className={cx(styles.button, styles[variant], styles[size], className)}>
      {icon}
      {children}
    </Link>
  );
}
