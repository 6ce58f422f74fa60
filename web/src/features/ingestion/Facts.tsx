import type { ReactNode } from "react";
import { visible } from "./payload";
import styles from "./details.module.css";

/** Pairs of a name and a text. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}

export interface FactProps {
  name: string;
  /** Hostile; nothing is shown of an empty one, unless `otherwise` says what it means. */
  text: string;
  otherwise?: string;
  isCode?: boolean;
}

export function Fact({ name, text, otherwise, isCode }: FactProps) {
  if (text === "" && !otherwise) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text === "" ? <span className="muted">{otherwise}</span> : isCode ? <code>{visible(text)}</code> : visible(text)}</dd>
    </div>
  );
}
