import type { ComponentProps, ReactNode } from "react";
import { ChevronDown } from "@/components/icons";
import styles from "./query.module.css";

interface Props extends Omit<ComponentProps<"button">, "children"> {
  /** What is chosen, or what to choose; hostile text. */
  text: string;
  /** Nothing is chosen yet. */
  empty?: boolean;
  /** The server refused the choice. */
  wrong?: boolean;
  /** Stands in front. */
  icon?: ReactNode;
  /** Drawn without a border, for "add ...". */
  quiet?: boolean;
}

/** The control that opens a picker. Long names end in an ellipsis and are whole on hover. */
export function PickerButton({ text, empty, wrong, icon, quiet, ...button }: Props) {
  return (
    <button
      type="button"
      title={text}
      {...button}
      className={styles.control}
      data-empty={empty || undefined}
      data-wrong={wrong || undefined}
      data-quiet={quiet || undefined}
    >
      {icon}
      <span className={styles.controlText}>{text}</span>
      {!quiet && <ChevronDown size={14} aria-hidden />}
    </button>
  );
}
