import { decodeFilter, encodeFilter, NO_FILTER } from "@/components/query";
import type { FilterState } from "@/components/query";
import { ListPersonsRequest_Identified as Identified } from "@/gen/observe/identity/v1/person_service_pb";
import { choiceParam, listParam, textParam } from "@/hooks/useUrlState";
import type { Param } from "@/hooks/useUrlState";

/** More columns than these fit no screen. */
export const COLUMNS_MAX = 6;
/** The longest search, in characters. */
export const SEARCH_MAX = 200;

export const WHO = ["all", "identified", "anonymous"] as const;
export type Who = (typeof WHO)[number];

/** Which persons by how they are known, as calls want it. */
export const IDENTIFIED: Record<Who, Identified> = {
  all: Identified.UNSPECIFIED,
  identified: Identified.ONLY,
  anonymous: Identified.NOT,
};

const filterParam: Param<FilterState> = { fallback: NO_FILTER, read: decodeFilter, write: encodeFilter };

/** What the list of people shows, as it stands in the address. */
export const PEOPLE_SHAPE = {
  q: textParam(),
  who: choiceParam(WHO, "all"),
  filter: filterParam,
  columns: listParam(),
};

/** The properties that are shown as columns: each once, and not too many. */
export function columnsOf(asked: readonly string[]): string[] {
  return [...new Set(asked)].filter((key) => key !== "").slice(0, COLUMNS_MAX);
}

/** The columns with one more, or without it if it is there. */
export function toggled(columns: readonly string[], key: string): string[] {
  return columns.includes(key) ? columns.filter((one) => one !== key) : columnsOf([...columns, key]);
}
