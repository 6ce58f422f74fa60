import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";
import styles from "@/components/Overlay.module.css";

export interface TooltipProps {
  text: ReactNode;
  /** One element that can be focused. */
  children: ReactNode;
  side?: "top" | "right" | "bottom" | "left";
}

/** Words for what an element shows or does; never the only place of something important. */
export function Tooltip({ text, children, side = "top" }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.tooltip} side={side} sideOffset={6} collisionPadding={8}>
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
