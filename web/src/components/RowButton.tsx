import type { ButtonHTMLAttributes } from "react";
import { cx } from "@/components/cx";
import styles from "@/components/RowButton.module.css";

/**
 * A button that fills the row it stands in, which is the nearest element above it with a position. What else can be pressed
 * in the row has to stand above it: `position: relative; z-index: 1`.
 */
export function RowButton({ className, ...button }: ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button type="button" className={cx(styles.button, className)} {...button} />;
}
