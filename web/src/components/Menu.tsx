import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { cx } from "@/components/cx";
import { Check } from "@/components/icons";
import styles from "@/components/Overlay.module.css";

export interface MenuAction {
  label: ReactNode;
  icon?: ReactNode;
  /** Stands at the end: a key, a count. */
  hint?: ReactNode;
  /** Where it leads, or what it does. */
  to?: string;
  onSelect?: () => void;
  danger?: boolean;
  disabled?: boolean;
  /** For choices: marks the present one. */
  checked?: boolean;
}

/** An action, a line between groups, or the name of a group. */
export type MenuEntry = MenuAction | "separator" | { heading: ReactNode };

export interface MenuProps {
  /** One button. */
  trigger: ReactNode;
  entries: readonly MenuEntry[];
  align?: "start" | "center" | "end";
  side?: "top" | "right" | "bottom" | "left";
}

export function Menu({ trigger, entries, align = "start", side = "bottom" }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        {/* It stands outside the page's own landmarks, so it is one. */}
        <section aria-label="Menu">
          <Radix.Content className={styles.menu} align={align} side={side} sideOffset={6} collisionPadding={8}>
            {entries.map((entry, index) => (
              <Entry key={index} entry={entry} />
            ))}
          </Radix.Content>
        </section>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  const [, navigate] = useLocation();
  if (entry === "separator") return <Radix.Separator className={styles.separator} />;
  if ("heading" in entry) return <Radix.Label className={styles.label}>{entry.heading}</Radix.Label>;
  const select = () => {
    entry.onSelect?.();
    if (entry.to) navigate(entry.to);
  };
  const content = (
    <>
      {entry.icon}
      <span className={cx(styles.words, "truncate")}>{entry.label}</span>
      {entry.hint}
      {entry.checked && <Check aria-hidden />}
    </>
  );
  const className = cx(styles.item, entry.danger && styles.danger);
  if (entry.checked === undefined) {
    return (
      <Radix.Item className={className} disabled={entry.disabled} onSelect={select}>
        {content}
      </Radix.Item>
    );
  }
  return (
    <Radix.CheckboxItem className={className} disabled={entry.disabled} checked={entry.checked} onSelect={select}>
      {content}
    </Radix.CheckboxItem>
  );
}
