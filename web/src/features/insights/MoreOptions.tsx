import type { ReactNode } from "react";
import { SlidersHorizontal } from "@/components/icons";
import { Popover } from "@/components/Popover";
import { PickerButton } from "@/components/query/PickerButton";
import styles from "./insights.module.css";

interface Props {
  /** What the options are about: "Rules". */
  label: string;
  /** How many are not as by default. */
  changed: number;
  children: ReactNode;
}

/** Options that are seldom needed, behind a button that says how many of them are in use. */
export function MoreOptions({ label, changed, children }: Props) {
  const text = changed > 0 ? `${label} · ${changed} changed` : label;
  return (
    <Popover width={320} label={label} trigger={<PickerButton text={text} quiet={changed === 0} icon={<SlidersHorizontal size={14} aria-hidden />} />}>
      <div className={styles.more}>{children}</div>
    </Popover>
  );
}
