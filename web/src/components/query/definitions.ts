import { useQuery } from "@connectrpc/connect-query";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { JsonValue } from "@bufbuild/protobuf";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";
import { EventService, type EventDefinition } from "@/gen/observe/events/v1/event_service_pb";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { valueText } from "@/components/event/event";
import { useProject } from "@/hooks/useProject";
import type { PropertyScope } from "./filter";

/** Names change rarely; a minute old is fresh enough. */
const FRESH_MS = 60_000;
/** How often a project without events is asked again, in milliseconds. */
const FIRST_EVENT_MS = 3_000;
/** How many persons are looked at to learn which properties persons have, and which values. */
const PERSONS_LOOKED_AT = 100;
/** Longer values of persons are not offered, in characters. */
const VALUE_CHARS = 100;

const NO_EVENTS: EventDefinition[] = [];

export interface Named {
  name: string;
  /** How often it was seen; missing where nobody counted. */
  count?: bigint;
  /** What was counted; events when missing. */
  unit?: string | undefined;
  /** When it was last seen; missing where nobody noted. */
  lastSeen?: Timestamp | undefined;
}

export interface Names {
  names: Named[];
  loading: boolean;
  error: unknown;
}

/** The events of the project, the most frequent first. */
export function useEventDefinitions() {
  const { id } = useProject().project;
  // Pages say of a name that is missing here that it never came, so what is kept is always asked for again.
  const answer = useQuery(
    EventService.method.listEventDefinitions,
    { projectId: id },
    { staleTime: 0, refetchInterval: ({ state }) => (state.data?.eventDefinitions.length === 0 ? FIRST_EVENT_MS : false) },
  );
  const events = answer.data?.eventDefinitions ?? NO_EVENTS;
  return { events, loading: answer.isPending || (events.length === 0 && !answer.isFetchedAfterMount), error: answer.error };
}

/** What is known of the session of an event. */
const SESSION_KEYS: Named[] = [
  "$entry_pathname",
  "$entry_referring_domain",
  "$entry_utm_source",
  "$entry_utm_medium",
  "$entry_utm_campaign",
  "$duration_seconds",
  "$pageview_count",
  "$is_bounce",
].map((name) => ({ name }));
/** The event properties whose values those of a session are. */
const SOURCE_OF: Record<string, string> = {
  $entry_pathname: "$pathname",
  $entry_referring_domain: "$referring_domain",
  $entry_utm_source: "utm_source",
  $entry_utm_medium: "utm_medium",
  $entry_utm_campaign: "utm_campaign",
};
const NO_COHORTS: Cohort[] = [];

/** The cohorts of the project, by name. */
export function useCohorts(enabled = true) {
  const { id } = useProject().project;
  const answer = useQuery(CohortService.method.listCohorts, { projectId: id }, { staleTime: FRESH_MS, enabled });
  return { cohorts: answer.data?.cohorts ?? NO_COHORTS, loading: enabled && answer.isPending, error: answer.error };
}

/** What cohorts are called, by id; asked for only where one has to be named. */
export function useCohortNames(enabled: boolean): ReadonlyMap<string, string> {
  const { cohorts } = useCohorts(enabled);
  return useMemo(() => new Map(cohorts.map(({ id, name }) => [id, name])), [cohorts]);
}

/** The property keys of events, of persons or of sessions, the most frequent first. */
export function usePropertyKeys(scope: PropertyScope, eventName = "", enabled = true): Names {
  const { id } = useProject().project;
  const ofEvents = useQuery(
    EventService.method.listPropertyDefinitions,
    { projectId: id, eventName },
    { staleTime: FRESH_MS, enabled: enabled && scope === "event" },
  );
  const persons = useQuery(
    PersonService.method.listPersons,
    { projectId: id, pageSize: PERSONS_LOOKED_AT },
    { staleTime: FRESH_MS, enabled: enabled && scope === "person" },
  );
  if (scope === "session") return { names: SESSION_KEYS, loading: false, error: null };
  if (scope === "person") {
    const keys = persons.data?.persons.flatMap(({ properties }) => Object.keys(properties ?? {})) ?? [];
    return { names: countNames(keys), loading: persons.isPending, error: persons.error };
  }
  const names = ofEvents.data?.propertyDefinitions.map(({ key, eventCount, lastSeenTime }) => ({ name: key, count: eventCount, lastSeen: lastSeenTime }));
  return { names: names ?? [], loading: ofEvents.isPending, error: ofEvents.error };
}

/** The values of a property that contain a text, the most frequent first; of persons, those of the latest. */
export function usePropertyValues(scope: PropertyScope, asked: string, search: string, eventName = ""): Names {
  const { id } = useProject().project;
  const property = scope === "session" ? (SOURCE_OF[asked] ?? "") : asked;
  const ofEvents = (scope === "event" || scope === "session") && property !== "";
  const answer = useQuery(
    EventService.method.listPropertyValues,
    { projectId: id, property, eventName, search },
    { staleTime: FRESH_MS, enabled: ofEvents, placeholderData: keepPreviousData },
  );
  const persons = useQuery(PersonService.method.listPersons, { projectId: id, pageSize: PERSONS_LOOKED_AT }, { staleTime: FRESH_MS, enabled: scope === "person" && property !== "" });
  if (scope === "person") {
    const values = persons.data?.persons.flatMap(({ properties }) => shortValue(properties?.[property])) ?? [];
    return { names: countNames(values), loading: persons.isPending, error: persons.error };
  }
  if (asked === "$is_bounce") return { names: [{ name: "true" }, { name: "false" }], loading: false, error: null };
  const names = answer.data?.values.map(({ value, eventCount }) => ({ name: value, count: eventCount }));
  return { names: names ?? [], loading: ofEvents && answer.isPending, error: answer.error };
}

/** A value as filters compare it, unless it is none that somebody would choose from a list. */
function shortValue(value: JsonValue | undefined): string[] {
  if (value === undefined || value === null || typeof value === "object") return [];
  const text = valueText(value);
  return text.length <= VALUE_CHARS ? [text] : [];
}

/** Names by how often they come. */
function countNames(all: readonly string[]): Named[] {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([name]) => ({ name }));
}
