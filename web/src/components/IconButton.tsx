import type { ComponentProps, ReactNode } from "react";
import type { ButtonLook } from "@/components/Button";
import { Tooltip } from "@/components/Tooltip";
import { cx } from "@/components/cx";
import styles from "@/components/Button.module.css";

export interface IconButtonProps extends Omit<ButtonLook, "icon">, Omit<ComponentProps<"button">, "children"> {
  /** What it does, for the tooltip and for screen readers. */
  label: string;
  icon: ReactNode;
}

export function IconButton({ label, icon, variant = "ghost", size = "m", className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button type="button" aria-label={label} {...rest} className={cx(styles.button, styles[variant], styles.icon, styles[size], className)}>
        {icon}
      </button>
    </Tooltip>
  );
}
