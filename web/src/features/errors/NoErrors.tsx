import { Button, LinkButton } from "@/components/Button";
import { CodeBlock } from "@/components/CodeBlock";
import { EmptyState } from "@/components/EmptyState";
import { Bug, CircleCheck, Search } from "@/components/icons";
import { rangeName, type TimeRangeState } from "@/components/query/range";
import { useWriteKey } from "@/features/install/useWriteKey";
import { useProject } from "@/hooks/useProject";
import { sentryDsn } from "./dsn";
import type { Tab } from "./group";
import styles from "./errors.module.css";

export interface NoErrorsProps {
  tab: Tab;
  search: string;
  range: TimeRangeState;
  /** Whether there was an error at all in the last 90 days. */
  hasErrors: boolean;
  onClear: () => void;
  onAll: () => void;
}

const WORDS: Record<Tab, string> = { open: "open error", resolved: "resolved error", ignored: "ignored error", all: "error" };

/** Nothing to list: because of the search, because all is well, or because nobody sends errors yet. */
export function NoErrors({ tab, search, range, hasErrors, onClear, onAll }: NoErrorsProps) {
  if (search) {
    return (
      <EmptyState
        icon={<Search aria-hidden />}
        title="No error found"
        text={`No ${WORDS[tab]} of this range has “${search}” in its message, type or place.`}
        action={<Button onClick={onClear}>Clear the search</Button>}
      />
    );
  }
  if (!hasErrors) return <TeachErrors />;
  const when = range.kind === "preset" ? `in the ${rangeName(range).toLowerCase()}` : "in this range";
  return (
    <EmptyState
      icon={tab === "open" ? <CircleCheck aria-hidden className={styles.well} /> : <Bug aria-hidden />}
      title={range.kind === "preset" && range.preset === "today" ? `No ${WORDS[tab]} today` : `No ${WORDS[tab]} ${when}`}
      text={tab === "open" ? "Resolved and ignored ones are in their tabs, older ones in a longer range." : "They are listed here when they happen in the range."}
      action={<Button onClick={onAll}>Show all of the last 90 days</Button>}
    />
  );
}

function TeachErrors() {
  const { project, path } = useProject();
  const { key } = useWriteKey(project.id);
  return (
    <div className={styles.teach}>
      <EmptyState
        icon={<Bug aria-hidden />}
        title="No error has arrived yet"
        text="Exceptions are grouped here by where they happen, with the people they hit. The snippet sends what a page does not catch by itself."
        action={
          <LinkButton to={path("install")} variant="primary">
            Show the snippet
          </LinkButton>
        }
      />
      {key && (
        <>
          <p className={styles.note}>A Sentry client that is in place already needs only another DSN:</p>
          <CodeBlock code={sentryDsn(window.location.origin, key.writeToken, project.number)} label="DSN for Sentry clients" />
        </>
      )}
    </div>
  );
}
