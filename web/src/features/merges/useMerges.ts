import { useInfiniteQuery } from "@connectrpc/connect-query";
import { hasRow } from "@/features/people/person";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";

/** How many are shown at first, and more at a time. */
const PAGE_SIZE = 50;
const PAGES = { pageParamKey: "pageToken", getNextPageParam: (last: { nextPageToken: string }) => last.nextPageToken || undefined } as const;

/** The merges of a person, the latest first. A person without a row has none. */
export function useMerges(projectId: string, person: Person) {
  const query = useInfiniteQuery(
    PersonService.method.listMerges,
    { projectId, personId: person.id, pageSize: PAGE_SIZE, pageToken: "" },
    { ...PAGES, enabled: hasRow(person) },
  );
  return { query, rows: query.data?.pages.flatMap((page) => page.merges) ?? [] };
}

/** The merges that were refused, of a person or of the whole project, the latest first, the counts of the last day, and how many wait to be tried again. */
export function useRefusedMerges(projectId: string, { personId = "", enabled = true, everyMs = 0 }: { personId?: string; enabled?: boolean; everyMs?: number }) {
  const query = useInfiniteQuery(
    PersonService.method.listRefusedMerges,
    { projectId, personId, pageSize: PAGE_SIZE, pageToken: "" },
    { ...PAGES, enabled, refetchInterval: everyMs || false },
  );
  const first = query.data?.pages[0];
  return { query, rows: query.data?.pages.flatMap((page) => page.refusedMerges) ?? [], counts: first?.countsLastDay ?? {}, parked: first?.parkedCount ?? 0n };
}
