import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { seen } from "@/components/event/event";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { hasRow } from "./person";

/** Events in a page of the timeline. */
const PAGE_SIZE = 100;

/** What a person did, newest first. One without a row has no events by person id, but by its one distinct id. */
export function usePersonEvents(projectId: string, person: Person, names: readonly string[]) {
  const who = hasRow(person) ? { personId: person.id } : { distinctIds: person.distinctIds };
  const pages = useInfiniteQuery(
    EventService.method.listEvents,
    { projectId, filter: { ...who, names: [...names] }, pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined },
  );
  const events = useMemo(() => pages.data?.pages.flatMap((page) => page.events.map(seen)) ?? [], [pages.data]);
  return { pages, events };
}
