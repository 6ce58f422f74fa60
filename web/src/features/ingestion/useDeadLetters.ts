import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useEffect, useRef } from "react";
import { PipelineService } from "@/gen/observe/events/v1/pipeline_service_pb";

/** How many are shown at first, and more at a time; each may bring 64 KiB of payload. */
const PAGE_SIZE = 50;

/** The dead letters, the latest first, page by page. They are asked for again when the ledger says that their number has changed. */
export function useDeadLetters(projectId: string, count: bigint) {
  const query = useInfiniteQuery(
    PipelineService.method.listDeadLetters,
    { projectId, pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, staleTime: 0 },
  );
  const { refetch } = query;
  const seen = useRef(count);
  useEffect(() => {
    if (seen.current !== count) void refetch();
    seen.current = count;
  }, [count, refetch]);
  return { query, rows: query.data?.pages.flatMap((page) => page.deadLetters) ?? [] };
}
