import { Info } from "@/components/icons";
import type { Hint } from "@/gen/observe/reports/v1/hint_pb";
import styles from "./insights.module.css";

interface Props {
  hints: readonly Hint[];
  /** Puts a name that is known in the place of one that is not. */
  onReplace(hint: Hint, by: string): void;
}

/** Beside a part of the question: names in it that nobody knows, and what may have been meant. No error: they may still come. */
export function Hints({ hints, onReplace }: Props) {
  if (hints.length === 0) return null;
  return (
    <ul className={styles.hints} aria-label="Hints">
      {hints.map((hint) => (
        <li key={`${hint.kind} ${hint.subject}`}>
          <Info aria-hidden />
          <span>
            {sentence(hint.message)}
            {hint.suggestions.length > 0 && (
              <>
                {" "}
                Did you mean{" "}
                {hint.suggestions.map((name, index) => (
                  <span key={name}>
                    {index > 0 && " or "}
                    <button type="button" className={styles.textButton} title={name} onClick={() => onReplace(hint, name)}>
                      {name}
                    </button>
                  </span>
                ))}
                ?
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The sentence without what is offered as buttons beside it. */
function sentence(message: string): string {
  const text = message.replace(/[;,.]?\s*did you mean.*$/i, "").trim();
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
