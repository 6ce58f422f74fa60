import { useQuery } from "@connectrpc/connect-query";
import { useRef } from "react";
import { PipelineService } from "@/gen/observe/events/v1/pipeline_service_pb";
import { addSample, rateOf } from "./ledger";
import type { Sample } from "./ledger";

/** How often the ledger is asked for while the page is in view, in milliseconds. */
export const ASK_EVERY_MS = 2_000;

/** The project's ledger as it is now, and how many events a second are accepted. */
export function useStatus(projectId: string) {
  const query = useQuery(PipelineService.method.getPipelineStatus, { projectId }, { refetchInterval: ASK_EVERY_MS, staleTime: 0 });
  const samples = useRef<{ projectId: string; list: readonly Sample[] }>({ projectId, list: [] });
  if (samples.current.projectId !== projectId) samples.current = { projectId, list: [] };
  if (query.data) samples.current.list = addSample(samples.current.list, { atMs: query.dataUpdatedAt, count: query.data.accepted });
  return { query, rate: rateOf(samples.current.list) };
}
