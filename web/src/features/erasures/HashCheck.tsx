import { useEffect, useState } from "react";
import { TextField } from "@/components/TextField";
import { hashOf } from "./erasure";
import styles from "./erasures.module.css";

type Answer = "among" | "not-among" | "unknown";

const ANSWERS: Record<Answer, { shape: string; text: string }> = {
  among: { shape: "✓", text: "This id was among those that were erased." },
  "not-among": { shape: "○", text: "This id was not among them." },
  unknown: { shape: "○", text: "This browser computes no hashes on a page without HTTPS. Compare by hand: printf %s ID | sha256sum" },
};

/** Tells whether an id was among those of a receipt. The id stays in the browser. */
export function HashCheck({ hashes }: { hashes: readonly string[] }) {
  const [id, setId] = useState("");
  const [answer, setAnswer] = useState<Answer>();
  useEffect(() => {
    let isLatest = true;
    setAnswer(undefined);
    if (id !== "") {
      void hashOf(id).then((hash) => {
        if (isLatest) setAnswer(hash === undefined ? "unknown" : hashes.includes(hash) ? "among" : "not-among");
      });
    }
    return () => {
      isLatest = false;
    };
  }, [id, hashes]);
  return (
    <div>
      <TextField label="Check an id" placeholder="A distinct id; it stays in this browser" value={id} onChange={setId} autoComplete="off" spellCheck={false} />
      <p className={styles.checked} role="status">
        {answer && (
          <>
            <span className={answer === "among" ? styles.okShape : styles.waitShape} aria-hidden>
              {ANSWERS[answer].shape}
            </span>
            {ANSWERS[answer].text}
          </>
        )}
      </p>
    </div>
  );
}
