import type { useEventDefinitions } from "@/components/query";
import { Info } from "@/components/icons";
import { closestName } from "./suggest";
import styles from "./insights.module.css";

/** As many names as the list of definitions holds; beyond it, a missing name says nothing. */
const NAMES_MAX = 1_000;

interface Props {
  /** The events that the question is about. */
  events: readonly string[];
  definitions: ReturnType<typeof useEventDefinitions>;
  onReplace(name: string, by: string): void;
}

/** Says of each event that never came that it did not, and what may have been meant. A hint: the event may still come. */
export function Hints({ events, definitions, onReplace }: Props) {
  if (definitions.loading || definitions.error !== null || definitions.events.length >= NAMES_MAX) return null;
  const known = definitions.events.map(({ name }) => name);
  const unknown = [...new Set(events)].filter((name) => name !== "" && !known.includes(name));
  if (unknown.length === 0) return null;
  return (
    <ul className={styles.hints} aria-label="Hints">
      {unknown.map((name) => {
        const close = closestName(name, known);
        return (
          <li key={name}>
            <Info aria-hidden />
            <span>
              No event named <b title={name}>{name}</b> has arrived yet.
              {close !== null && (
                <>
                  {" "}
                  Did you mean{" "}
                  <button type="button" className={styles.textButton} title={close} onClick={() => onReplace(name, close)}>
                    {close}
                  </button>
                  ?
                </>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
