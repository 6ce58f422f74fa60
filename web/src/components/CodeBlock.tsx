import { useMemo } from "react";
import { CopyButton } from "@/components/CopyButton";
import { cx } from "@/components/cx";
import { highlight } from "@/components/highlight";
import type { Language } from "@/components/highlight";
import styles from "@/components/Small.module.css";

export interface CodeBlockProps {
  code: string;
  language?: Language;
  /** Shows a button that copies it. */
  copy?: boolean;
  /** What it is, for screen readers. */
  label?: string;
  className?: string;
}

const CLASS = { plain: undefined, string: styles.tString, comment: styles.tComment, keyword: styles.tKeyword, number: styles.tNumber };

export function CodeBlock({ code, language = "text", copy = true, label = "Code", className }: CodeBlockProps) {
  const tokens = useMemo(() => highlight(code, language), [code, language]);
  return (
    <div className={cx(styles.code, copy && styles.withCopy, className)}>
      {/* It may scroll, so it has to be reachable with the keyboard. */}
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>
          {tokens.map((token, index) => (
            <span key={index} className={CLASS[token.kind]}>
              {token.text}
            </span>
          ))}
        </code>
      </pre>
      {copy && <CopyButton text={code} label="Copy code" className={styles.codeCopy} />}
    </div>
  );
}
