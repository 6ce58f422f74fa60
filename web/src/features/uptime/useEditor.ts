import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { useToast } from "@/components/Toast";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { useProject } from "@/hooks/useProject";
import { type Draft, draftOf, draftProblems, type Kind, monitorOf, newDraft, usesAdvanced } from "./draft";
import { isInAdvanced, placeProblems } from "./fieldProblems";
import { useForgetMonitors } from "./useMonitors";

/** What is typed, tried and saved. */
export function useEditor(monitor: Monitor | undefined, kind: Kind) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const toast = useToast();
  const forget = useForgetMonitors();
  const [draft, setDraft] = useState<Draft>(() => (monitor ? draftOf(monitor) : newDraft(kind)));
  const [typos, setTypos] = useState<Record<string, string>>({});
  const [advanced, setAdvanced] = useState(() => monitor !== undefined && usesAdvanced(draft));
  const [lastTried, setLastTried] = useState<"save" | "test">("save");

  const saved = async (made: Monitor | undefined) => {
    await forget();
    toast.ok(monitor ? "Monitor saved" : "Monitor created. Its first check is under way.");
    navigate(path(`uptime/${made?.id ?? monitor?.id ?? ""}`));
  };
  const reveal = (thrown: unknown) => isInAdvanced(placeProblems(thrown).fields) && setAdvanced(true);
  const create = useMutation(MonitorService.method.createMonitor, { onSuccess: (answer) => saved(answer.monitor), onError: reveal });
  const update = useMutation(MonitorService.method.updateMonitor, { onSuccess: (answer) => saved(answer.monitor), onError: reveal });
  const test = useMutation(MonitorService.method.testMonitor, { onError: reveal });
  const save = monitor ? update : create;

  /** Sends what is typed if it can be read, else says at the fields what cannot. */
  const attempt = (how: "save" | "test") => {
    const found = draftProblems(draft);
    setTypos(found);
    setLastTried(how);
    if (isInAdvanced(found)) setAdvanced(true);
    if (Object.keys(found).length > 0) return;
    const request = { projectId: project.id, monitor: monitorOf(draft, monitor?.id) };
    if (how === "test") return test.mutate(request);
    save.mutate(request);
  };
  const change = (next: Partial<Draft>) => setDraft((old) => ({ ...old, ...next }));
  const refused = placeProblems(lastTried === "test" ? test.error : save.error);
  return {
    draft,
    change,
    changeKind: (next: Kind) => setDraft((old) => ({ ...newDraft(next), name: old.name, url: old.url })),
    advanced,
    setAdvanced,
    problems: { ...refused.fields, ...typos },
    formProblem: lastTried === "save" ? refused.form : undefined,
    testProblem: lastTried === "test" ? refused.form : undefined,
    isSaving: save.isPending,
    test,
    attempt,
  };
}

export type Editor = ReturnType<typeof useEditor>;
