import { CodeBlock } from "@/components/CodeBlock";
import { EmptyState } from "@/components/EmptyState";
import { Users } from "@/components/icons";
import styles from "./people.module.css";

const IDENTIFY = `observe('identify', 'user-17', {
  name: 'Ada Byron',
  email: 'ada@example.com'
})`;

/** What to do so that somebody appears. */
export function TeachIdentify() {
  return (
    <div className={styles.teach}>
      <EmptyState
        icon={<Users aria-hidden />}
        title="Nobody is identified yet"
        text="Visitors are counted without it. Say who somebody is when they sign in, and they appear here with all they did before."
      />
      <CodeBlock code={IDENTIFY} language="javascript" label="How to identify a person" />
      <p className={styles.note}>To see one visitor who never signed in, search for the exact distinct id, or follow the link in Live.</p>
    </div>
  );
}
