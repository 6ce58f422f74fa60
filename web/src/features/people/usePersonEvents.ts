import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { seen } from "@/components/event/event";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { PersonActivityService } from "@/gen/observe/reports/v1/person_activity_service_pb";
import { hasRow, idOf } from "./person";
import { bySession } from "./sessions";

/** Events in a page of the timeline. */
const PAGE_SIZE = 100;

/** What a person did, newest first, and how it falls into sessions. */
export function usePersonSessions(projectId: string, person: Person, enabled = true) {
  const pages = useInfiniteQuery(
    PersonActivityService.method.listPersonEvents,
    { projectId, id: idOf(person), pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, enabled },
  );
  const { data, hasNextPage } = pages;
  const events = useMemo(() => data?.pages.flatMap((page) => page.events.map(seen)) ?? [], [data]);
  const sessions = useMemo(() => bySession(events, data?.pages.flatMap((page) => page.beginsSession) ?? [], !hasNextPage), [data, events, hasNextPage]);
  return { pages, events, sessions };
}

/** The events with one name that a person caused, newest first. One without a row has none by person id, but by its one distinct id. */
export function usePersonEvents(projectId: string, person: Person, name: string) {
  const who = hasRow(person) ? { personId: person.id } : { distinctIds: person.distinctIds };
  const pages = useInfiniteQuery(
    EventService.method.listEvents,
    { projectId, filter: { ...who, names: [name] }, pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, enabled: name !== "" },
  );
  const events = useMemo(() => pages.data?.pages.flatMap((page) => page.events.map(seen)) ?? [], [pages.data]);
  return { pages, events };
}
