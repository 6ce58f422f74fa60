import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { SavedInsightService } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { useProject } from "@/hooks/useProject";
import { useRested } from "@/hooks/useRested";

/** How long typing rests before insights are asked for, in milliseconds. */
const REST_MS = 150;
/** How many insights the palette shows. */
const SHOWN_MAX = 6;
/** The longest search, in characters. */
const SEARCH_MAX = 200;

/** Saved insights whose name has what is typed, for the palette. */
export function useInsightEntries(text: string): { id: string; name: string; to: string }[] {
  const { project, path } = useProject();
  const search = useRested(text.trim().slice(0, SEARCH_MAX), REST_MS);
  const { data } = useQuery(
    SavedInsightService.method.listSavedInsights,
    { projectId: project.id, search, pageSize: SHOWN_MAX },
    { enabled: search !== "", placeholderData: keepPreviousData },
  );
  if (search === "") return [];
  return (data?.savedInsights ?? []).map(({ id, name }) => ({ id, name, to: path(`insights?saved=${encodeURIComponent(id)}`) }));
}
