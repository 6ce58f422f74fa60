import { Popover as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import styles from "@/components/Overlay.module.css";

export interface PopoverProps {
  /** One button. */
  trigger: ReactNode;
  children: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  align?: "start" | "center" | "end";
  side?: "top" | "right" | "bottom" | "left";
  /** Without padding, for lists that reach the edge. */
  bare?: boolean;
  /** In pixels; else as wide as its content. */
  width?: number;
  /** For screen readers. */
  label?: string;
}

export function Popover({ trigger, children, open, onOpenChange, align = "start", side = "bottom", bare, width, label }: PopoverProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className={cx(styles.popover, bare && styles.bare)}
          style={width ? { width } : undefined}
          aria-label={label}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Closes the popover that it stands in when its one child is pressed. */
export const PopoverClose = Radix.Close;
