import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { toFilter } from "@/components/query";
import type { FilterState } from "@/components/query";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { IDENTIFIED } from "./peopleUrl";
import type { Who } from "./peopleUrl";

/** Persons in a page of the list. */
const PAGE_SIZE = 50;

/** Whom to list. */
export interface Wanted {
  search: string;
  who: Who;
  filter?: FilterState;
}

/** The persons that a search and a filter find, page by page. */
export function usePersons(projectId: string, { search, who, filter }: Wanted) {
  const wanted = filter && toFilter(filter);
  return useInfiniteQuery(
    PersonService.method.listPersons,
    { projectId, search, identified: IDENTIFIED[who], pageSize: PAGE_SIZE, pageToken: "", ...(wanted && { filter: wanted }) },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, placeholderData: keepPreviousData },
  );
}

/**
 * The visitor with exactly this distinct id, whom the list leaves out when nothing is kept about them. Every text is the
 * distinct id of somebody, so only one with events counts.
 */
export function useVisitor(projectId: string, distinctId: string, enabled: boolean): { visitor: Person | undefined; isPending: boolean } {
  const isAsked = enabled && distinctId !== "";
  const events = useQuery(EventService.method.listEvents, { projectId, filter: { distinctIds: [distinctId] }, pageSize: 1 }, { enabled: isAsked });
  const hasEvents = (events.data?.events.length ?? 0) > 0;
  const person = useQuery(
    PersonService.method.getPerson,
    { projectId, id: { case: "distinctId", value: distinctId } },
    { enabled: isAsked && hasEvents },
  );
  const isPending = isAsked && (events.isPending || (hasEvents && person.isPending));
  return { visitor: isAsked && hasEvents ? person.data?.person : undefined, isPending };
}
