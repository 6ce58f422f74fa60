import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";
import type { TimeRangeState } from "@/components/query";
import { resolveRange, toTimeRange } from "@/components/query/range";
import { knownZone } from "@/components/query/zone";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import { ErrorService } from "@/gen/observe/reports/v1/error_service_pb";
import { useNow } from "@/hooks/useNow";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import type { ErrorGroup_Status as Status } from "@/gen/observe/reports/v1/error_service_pb";

/** Groups in a page of the list. */
const PAGE_SIZE = 100;
/** How often the list is renewed, in milliseconds. */
export const RENEW_MS = 15_000;
/** How often it is looked whether a preset means another range by now, in milliseconds. */
const RANGE_MS = 60_000;

/** The instants of a range in the project's time zone; the same object while they are the same. */
export function useRange(state: TimeRangeState): { range: TimeRange; start: number; end: number } {
  const zone = knownZone(useTimeZone());
  const { start, end } = resolveRange(state, zone, useNow(RANGE_MS).getTime());
  return useMemo(() => ({ range: toTimeRange({ start, end }), start, end }), [start, end]);
}

/** The groups that a filter selects, page by page; the answer before stays in view until the next one is there. */
export function useErrorGroups(projectId: string, filter: { range: TimeRange; statuses: Status[]; search: string }) {
  return useInfiniteQuery(
    ErrorService.method.listErrorGroups,
    { projectId, filter, pageSize: PAGE_SIZE, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (last) => last.nextPageToken || undefined,
      placeholderData: keepPreviousData,
      refetchInterval: RENEW_MS,
    },
  );
}

/** Whether the project had any error in the last 90 days; asked only when there is nothing else to show. */
export function useHasErrors(projectId: string, isAsked: boolean): { hasErrors: boolean; isPending: boolean } {
  const { range } = useRange({ kind: "preset", preset: "90d" });
  const any = useQuery(ErrorService.method.listErrorGroups, { projectId, filter: { range }, pageSize: 1 }, { enabled: isAsked });
  return { hasErrors: any.isError || Number(any.data?.total ?? 0) > 0, isPending: isAsked && any.isPending };
}
