import { useState } from "react";
import { CodeBlock } from "@/components/CodeBlock";
import { Segmented } from "@/components/Segmented";
import { VERIFIERS } from "./verify";
import type { Verifier } from "./verify";
import styles from "./alerts.module.css";

const OPTIONS = [
  { value: "node", label: "Node.js" },
  { value: "python", label: "Python" },
] as const;

/** What the receiver has to do before it believes a message. */
export function Verify() {
  const [way, setWay] = useState<Verifier>("node");
  return (
    <details className={styles.verify}>
      <summary>How a receiver checks the signature</summary>
      <div className="stack">
        <p className="muted">
          Anybody can post to an address. Messages of Observe are signed by the Standard Webhooks specification, so that a receiver can tell.
        </p>
        <div>
          <Segmented label="Language" value={way} onChange={setWay} options={OPTIONS} />
        </div>
        <CodeBlock code={VERIFIERS[way]} language={way === "node" ? "javascript" : "python"} label="How to check the signature" />
      </div>
    </details>
  );
}
