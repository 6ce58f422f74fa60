import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { type Dashboard, DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useForget } from "@/hooks/useForget";
import { type Draft, toDashboard } from "./draft";
import { Saver, type Shown } from "./saver";

export interface DraftOf extends Shown {
  change(part: Partial<Draft>): void;
  /** Tries again to save, after a trouble that passed. */
  retry(): void;
  /** After a conflict. */
  decide(whose: "mine" | "theirs"): void;
}

/** A dashboard that is changed in place. `dashboard` is the newest that is known of the server. */
export function useDraft(projectId: string, dashboard: Dashboard): DraftOf {
  const transport = useTransport();
  const forget = useForget(DashboardService);
  const { id } = dashboard;
  const [saver] = useState(() => {
    const client = createClient(DashboardService, transport);
    return new Saver(dashboard, {
      update: async (draft, since) => (await client.updateDashboard({ projectId, dashboard: toDashboard(id, draft, since) })).dashboard,
      read: async () => (await client.getDashboard({ projectId, dashboardId: id })).dashboard,
    });
  });
  const shown = useSyncExternalStore(saver.subscribe, saver.shown);
  useEffect(() => saver.adopt(dashboard), [saver, dashboard]);
  // The list and this page learn of what was saved when it is looked at next.
  const { state } = shown;
  useEffect(() => {
    if (state !== "saving") return;
    return () => void forget();
  }, [state === "saving"]);
  useEffect(() => () => saver.leave(), [saver]);
  return { ...shown, change: (part) => saver.change(part), retry: () => void saver.save(), decide: (whose) => void saver.decide(whose) };
}
