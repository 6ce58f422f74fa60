import { Tabs as Radix } from "radix-ui";
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import styles from "@/components/Tabs.module.css";

export interface TabItem<T extends string> {
  value: T;
  label: ReactNode;
}

export interface TabsProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  items: readonly TabItem<T>[];
  /** For screen readers. */
  label: string;
  /** The content of the chosen tab. */
  children?: ReactNode;
}

export function Tabs<T extends string>({ value, onChange, items, label, children }: TabsProps<T>) {
  const list = useRef<HTMLDivElement>(null);
  // The chosen one is in view also where not all fit; the page itself must not scroll for it.
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>("[data-state=active]");
    if (list.current && tab) list.current.scrollLeft = Math.max(0, tab.offsetLeft + tab.offsetWidth - list.current.offsetLeft - list.current.clientWidth);
  }, [value]);
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as T)}>
      <Radix.List ref={list} className={styles.list} aria-label={label}>
        {items.map((item) => (
          <Radix.Trigger key={item.value} value={item.value} className={styles.tab}>
            {item.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {items.map((item) => (
        // Every tab names its panel, so every panel exists; only the chosen one has content.
        <Radix.Content key={item.value} value={item.value} forceMount hidden={item.value !== value} className={styles.panel} tabIndex={-1}>
          {item.value === value && children}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
