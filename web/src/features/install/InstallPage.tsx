import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { CodeBlock } from "@/components/CodeBlock";
import { CopyButton } from "@/components/CopyButton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { FormMessage } from "@/components/FormMessage";
import { KeyRound, TriangleAlert } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Skeleton } from "@/components/Skeleton";
import { Tabs } from "@/components/Tabs";
import { formError } from "@/api/errors";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { ArrivalCard } from "./ArrivalCard";
import { Hints } from "./Hints";
import { snippet, WAY_NAMES, WAYS } from "./snippets";
import { useArrival } from "./useArrival";
import { useWriteKey } from "./useWriteKey";
import styles from "./install.module.css";

const SHAPE = { tab: choiceParam(WAYS, "html") };
const TABS = WAYS.map((value) => ({ value, label: WAY_NAMES[value] }));

/** How to send the first event, and the proof that it has arrived. */
export default function InstallPage() {
  const { project } = useProject();
  return (
    <>
      <PageHeader title="Install" description={`Send events to the project ${project.name}.`} />
      <div className={styles.page}>
        <Code />
        <ArrivalCard arrival={useArrival(project.id)} />
        <Hints host={window.location.origin} />
      </div>
    </>
  );
}

function Code() {
  const { project, canManage } = useProject();
  const [{ tab }, setState] = useUrlState(SHAPE);
  const { list, key, revoked, accept, create, makeKey } = useWriteKey(project.id);

  if (list.isPending) {
    return (
      <Card>
        <div role="status" aria-label="Loading the snippet">
          <Skeleton width={280} height={14} />
          <div className={styles.codeSkeleton}>
            <Skeleton height={64} radius={8} />
          </div>
        </div>
      </Card>
    );
  }
  if (list.isError && !list.data) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (!key) {
    return (
      <Card>
        {revoked && <Revoked name={revoked.name} />}
        <EmptyState
          icon={<KeyRound aria-hidden />}
          title="This project has no write key"
          text={
            canManage
              ? "A write key says which project an event belongs to. It can do nothing else, so it may stand in public pages."
              : "A write key says which project an event belongs to. Ask an owner or admin of the organization to create one."
          }
          action={
            canManage && (
              <Button variant="primary" loading={create.isPending} onClick={makeKey}>
                Create a write key
              </Button>
            )
          }
        />
        <FormMessage error={formError(create.error, [])} />
      </Card>
    );
  }
  const { code, language, note } = snippet(tab, window.location.origin, key.writeToken);
  return (
    <Card>
      {revoked && <Revoked name={revoked.name} onAccept={accept} />}
      <Tabs label="How to send events" value={tab} onChange={(next) => setState({ tab: next })} items={TABS}>
        <p className={styles.note}>{note}</p>
        <CodeBlock code={code} language={language} label={WAY_NAMES[tab]} copy={false} />
        <div className={styles.under}>
          <CopyButton words variant="primary" text={code} label="Copy" />
          <p>With the write key “{key.name}”. It may only send events, so it can stand in public.</p>
        </div>
      </Tabs>
    </Card>
  );
}

/** Code that was copied from here a moment ago does not count any more. */
function Revoked({ name, onAccept }: { name: string; onAccept?: () => void }) {
  return (
    <div className={styles.revoked} role="alert">
      <TriangleAlert aria-hidden />
      <p>
        The key “{name}” was revoked while this page was open. Events sent with it are refused.
        {onAccept && " The code below has another key now."}
      </p>
      {onAccept && (
        <Button size="s" onClick={onAccept}>
          Understood
        </Button>
      )}
    </div>
  );
}
