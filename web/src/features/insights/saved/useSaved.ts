import { useInfiniteQuery, useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { SavedInsightService } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";

/** Insights in a page of the list. */
const PAGE_SIZE = 50;
/** The longest name, and the longest search, in characters. */
export const NAME_MAX = 200;

/** The saved insight with this id; none without an id. */
export function useSavedInsight(id: string) {
  const { project } = useProject();
  return useQuery(SavedInsightService.method.getSavedInsight, { projectId: project.id, savedInsightId: id }, { enabled: id !== "" });
}

/** All saved insights whose name contains a text, the one that was changed last first, page by page. */
export function useSavedInsights(search: string) {
  const { project } = useProject();
  return useInfiniteQuery(
    SavedInsightService.method.listSavedInsights,
    { projectId: project.id, search: search.trim().slice(0, NAME_MAX), pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, placeholderData: keepPreviousData },
  );
}

/** The ways to change what is saved; each renews what is shown of it, also by dashboards. */
export function useSaving() {
  const forget = useForget(SavedInsightService, DashboardService);
  const { method } = SavedInsightService;
  const onSuccess = () => void forget();
  return {
    create: useMutation(method.createSavedInsight, { onSuccess }),
    update: useMutation(method.updateSavedInsight, { onSuccess }),
    remove: useMutation(method.deleteSavedInsight, { onSuccess }),
  };
}
