import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { readError } from "@/api/errors";
import { type Dashboard, DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { type Draft, draftOf, isWhole, toDashboard } from "./draft";

/** How long changes rest before they are saved, in milliseconds. */
const REST_MS = 500;

/** "conflict": somebody else changed it meanwhile; nothing is saved until it is decided whose stays. */
export type SaveState = "saved" | "waiting" | "saving" | "failed" | "conflict";

export interface DraftOf {
  /** As it stands on the page, changes that are not saved yet included. */
  draft: Draft;
  change(part: Partial<Draft>): void;
  state: SaveState;
  error: unknown;
  /** Tries again to save, after a trouble that passed. */
  retry(): void;
  /** After a conflict: takes what the other one saved. */
  takeTheirs(): void;
  /** After a conflict: puts what stands here in the place of what the other one saved. */
  keepMine(): void;
}

/**
 * A dashboard that is changed at once and saved a moment later, one save after the other, each only if nobody else changed
 * it since. `dashboard` is the newest that is known of the server; it is taken over while nothing waits to be saved.
 */
export function useDraft(projectId: string, dashboard: Dashboard): DraftOf {
  const transport = useTransport();
  const [draft, setDraft] = useState(() => draftOf(dashboard));
  const [state, setState] = useState<SaveState>("saved");
  const [error, setError] = useState<unknown>(null);
  // What the saving reads: always the newest, and not that of the render in which it began.
  const now = useRef({ draft, base: dashboard.updatedTime, isDirty: false, isSaving: false, isStopped: false, timer: 0 });
  const { id } = dashboard;

  const save = useCallback(async () => {
    const at = now.current;
    if (at.isSaving || at.isStopped || !isWhole(at.draft)) return;
    at.isSaving = true;
    setError(null);
    try {
      // What changes during a save is saved by the next one.
      while (at.isDirty && isWhole(at.draft)) {
        at.isDirty = false;
        setState("saving");
        const answer = await createClient(DashboardService, transport).updateDashboard({ projectId, dashboard: toDashboard(id, at.draft, at.base) });
        at.base = answer.dashboard?.updatedTime ?? at.base;
      }
      setState("saved");
    } catch (thrown) {
      at.isDirty = true;
      setError(thrown);
      at.isStopped = readError(thrown).kind === "conflict";
      setState(at.isStopped ? "conflict" : "failed");
    } finally {
      at.isSaving = false;
    }
  }, [transport, projectId, id]);

  const show = useCallback((next: Draft) => {
    now.current.draft = next;
    setDraft(next);
  }, []);

  const change = useCallback(
    (part: Partial<Draft>) => {
      const at = now.current;
      show({ ...at.draft, ...part });
      at.isDirty = true;
      setState((before) => (before === "conflict" ? before : "waiting"));
      window.clearTimeout(at.timer);
      at.timer = window.setTimeout(() => void save(), REST_MS);
    },
    [save, show],
  );

  const adopt = useCallback(
    async (keepsMine: boolean) => {
      const at = now.current;
      try {
        const answer = await createClient(DashboardService, transport).getDashboard({ projectId, dashboardId: id });
        if (!answer.dashboard) return;
        at.base = answer.dashboard.updatedTime;
        at.isStopped = false;
        if (keepsMine) return void save();
        at.isDirty = false;
        show(draftOf(answer.dashboard));
        setError(null);
        setState("saved");
      } catch (thrown) {
        setError(thrown);
      }
    },
    [transport, projectId, id, save, show],
  );

  // What others saved meanwhile is shown, unless something here is still to be saved.
  useEffect(() => {
    const at = now.current;
    if (at.isDirty || at.isSaving || !isLater(dashboard, at.base)) return;
    at.base = dashboard.updatedTime;
    show(draftOf(dashboard));
  }, [dashboard, show]);

  // What waits when the page is left is saved at once.
  useEffect(
    () => () => {
      window.clearTimeout(now.current.timer);
      if (now.current.isDirty) void save();
    },
    [save],
  );

  return { draft, change, state, error, retry: () => void save(), takeTheirs: () => void adopt(false), keepMine: () => void adopt(true) };
}

function isLater({ updatedTime }: Dashboard, base: Dashboard["updatedTime"]): boolean {
  if (!updatedTime) return false;
  if (!base) return true;
  return updatedTime.seconds > base.seconds || (updatedTime.seconds === base.seconds && updatedTime.nanos > base.nanos);
}
