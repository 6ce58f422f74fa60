import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useRef } from "react";
import type { FormEvent } from "react";
import { useParams } from "wouter";
import { BackLink } from "@/components/BackLink";
import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { FormMessage } from "@/components/FormMessage";
import { HeartPulse } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { SkeletonLines } from "@/components/Skeleton";
import { readError } from "@/api/errors";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { AdvancedFields } from "./AdvancedFields";
import { HeartbeatFields, HttpFields, KindField } from "./EditorFields";
import { TryPanel } from "./TryPanel";
import { useEditor } from "./useEditor";
import styles from "./editor.module.css";

const SHAPE = { kind: choiceParam(["http", "heartbeat"], "http") };

/** Makes a monitor, or changes one. */
export default function EditorPage() {
  const { project, path, membership } = useProject();
  const { monitor: id } = useParams<{ monitor?: string }>();
  const answer = useQuery(MonitorService.method.getMonitor, { projectId: project.id, monitorId: id ?? "" }, { enabled: id !== undefined });
  const monitor = answer.data?.monitor;
  const back = id === undefined ? { to: path("uptime"), name: "Uptime" } : { to: path(`uptime/${id}`), name: monitor?.name ?? "Monitor" };
  const title = id === undefined ? "New monitor" : "Edit monitor";
  return (
    <>
      <BackLink to={back.to} name={back.name} />
      <PageHeader title={title} />
      {!mayChange(membership.role) ? (
        <Card>
          <EmptyState icon={<HeartPulse aria-hidden />} title="Your role is to look" text="Members, admins and owners create and change monitors." action={<LinkButton to={path("uptime")}>All monitors</LinkButton>} />
        </Card>
      ) : id === undefined || monitor ? (
        <Form key={monitor?.id ?? "new"} monitor={monitor} />
      ) : answer.isError ? (
        readError(answer.error).kind === "not-found" ? (
          <EmptyState icon={<HeartPulse aria-hidden />} title="There is no such monitor" text="It may have been deleted." action={<LinkButton to={path("uptime")}>All monitors</LinkButton>} />
        ) : (
          <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
        )
      ) : (
        <Card>
          <SkeletonLines lines={8} />
        </Card>
      )}
    </>
  );
}

function Form({ monitor }: { monitor: Monitor | undefined }) {
  const { path } = useProject();
  const [{ kind }, setState] = useUrlState(SHAPE);
  const editor = useEditor(monitor, kind);
  const { draft, problems } = editor;
  const form = useRef<HTMLFormElement>(null);
  const wrong = Object.keys(problems).join();
  // Whoever pressed the button far below is led to the first field that has to be mended.
  useEffect(() => {
    if (wrong) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [wrong]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    editor.attempt("save");
  };
  const footer = (
    <>
      <Button type="submit" variant="primary" loading={editor.isSaving}>
        {monitor ? "Save" : "Create monitor"}
      </Button>
      <LinkButton to={path(monitor ? `uptime/${monitor.id}` : "uptime")}>Cancel</LinkButton>
    </>
  );
  return (
    <form ref={form} className={styles.columns} onSubmit={submit} noValidate aria-label="Monitor">
      <Card footer={footer}>
        <div className={styles.fields}>
          <FormMessage error={editor.formProblem} />
          {!monitor && (
            <KindField
              value={draft.kind}
              onChange={(next) => {
                editor.changeKind(next);
                setState({ kind: next });
              }}
            />
          )}
          {draft.kind === "http" ? <HttpFields editor={editor} /> : <HeartbeatFields editor={editor} />}
          {draft.kind === "http" && <AdvancedFields editor={editor} />}
        </div>
      </Card>
      <TryPanel editor={editor} />
    </form>
  );
}
