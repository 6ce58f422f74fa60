import { Card } from "@/components/Card";
import { CodeBlock } from "@/components/CodeBlock";
import { CopyButton } from "@/components/CopyButton";
import { LinkButton } from "@/components/Button";
import { Skeleton } from "@/components/Skeleton";
import { ArrivalCard } from "@/features/install/ArrivalCard";
import { snippet } from "@/features/install/snippets";
import { useArrival } from "@/features/install/useArrival";
import { useWriteKey } from "@/features/install/useWriteKey";
import { useProject } from "@/hooks/useProject";
import styles from "./overview.module.css";

/** What an empty project needs: the snippet, somebody who waits for the first event, and a way to look around without one. */
export default function FirstEvent({ isEmpty }: { isEmpty: boolean }) {
  const { project } = useProject();
  const arrival = useArrival(project.id);
  return (
    <div className={styles.first}>
      {isEmpty && <Snippet />}
      {(isEmpty || arrival.arrived) && <ArrivalCard arrival={arrival} />}
      {isEmpty && <Demo />}
    </div>
  );
}

function Snippet() {
  const { project, path } = useProject();
  const { list, key } = useWriteKey(project.id);
  const { code, language, note } = snippet("html", window.location.origin, key?.writeToken ?? "");
  const install = (words: string, isMain: boolean) => (
    <LinkButton to={path("install")} variant={isMain ? "primary" : "secondary"}>
      {words}
    </LinkButton>
  );
  if (list.isPending) {
    return (
      <Card title="Send the first event">
        <Skeleton height={64} radius={8} />
      </Card>
    );
  }
  // Without a key, or with an error, the install page says what to do about it.
  if (!key) return <Card title="Send the first event" description="The install page has the code for it." actions={install("Open the install page", true)} />;
  return (
    <Card title="Send the first event" description={note}>
      <CodeBlock code={code} language={language} label="HTML snippet" copy={false} />
      <div className={styles.under}>
        <CopyButton words variant="primary" text={code} label="Copy" />
        {install("Other languages, curl", false)}
      </div>
    </Card>
  );
}

function Demo() {
  return (
    <Card title="Or look around first" description="Makes a project of its own with 30 days of a made-up shop: people, errors, requests and monitors. Run it where Observe runs.">
      <CodeBlock code="observe demo" language="shell" label="The command that makes a demo project" />
    </Card>
  );
}
