import { useMemo } from "react";
import { CodeBlock } from "@/components/CodeBlock";
import { CopyButton } from "@/components/CopyButton";
import { payloadOf } from "./payload";
import styles from "./details.module.css";

/** Longer text is not coloured: each coloured piece is an element of the page. */
const COLOURED_MAX = 20_000;

export interface PayloadBlockProps {
  /** As it was sent; hostile. */
  sent: string;
  /** What it is: "What was sent". */
  name: string;
  /** Said when there is none. */
  empty: string;
  note?: string;
}

/** What was sent, laid out if it is JSON, and only ever text. */
export function PayloadBlock({ sent, name, empty, note }: PayloadBlockProps) {
  const { text, isJson } = useMemo(() => payloadOf(sent), [sent]);
  if (sent === "") return <p className="muted">{empty}</p>;
  return (
    <div className={styles.payload}>
      <div className={styles.payloadHead}>
        <h3>{name}</h3>
        {note && <p>{note}</p>}
        <CopyButton text={sent} label="Copy as it was sent" />
      </div>
      <CodeBlock code={text} language={isJson && text.length <= COLOURED_MAX ? "json" : "text"} label={name} copy={false} />
    </div>
  );
}
