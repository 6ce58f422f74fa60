import { timestampDate } from "@bufbuild/protobuf/wkt";
import { valueText } from "@/components/event/event";
import type { ChartTable } from "@/charts/table";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import type { Cohort } from "@/gen/observe/reports/v1/cohort_service_pb";
import { hasRule } from "./cohort";

/** The list of cohorts as a file. */
export function cohortsTable(cohorts: readonly Cohort[]): ChartTable {
  return {
    columns: ["Cohort", "Description", "Kind", "People", "Id"],
    rows: cohorts.map((cohort) => ({
      name: cohort.name,
      cells: [cohort.description, hasRule(cohort) ? "rule" : "list", Number(cohort.personCount), cohort.id],
    })),
  };
}

/** Persons as a file: a column for each property that one of them has. */
export function personsTable(persons: readonly Person[]): ChartTable {
  const keys = [...new Set(persons.flatMap(({ properties }) => Object.keys(properties ?? {})))].sort();
  return {
    columns: ["Person id", "Distinct ids", "Identified", "First seen", ...keys],
    rows: persons.map(({ id, distinctIds, identified, createdTime, properties }) => ({
      name: id,
      cells: [
        distinctIds.join("\n"),
        identified ? "yes" : "no",
        createdTime ? timestampDate(createdTime).toISOString() : null,
        ...keys.map((key) => {
          const value = properties?.[key];
          return value === undefined || value === null ? null : valueText(value);
        }),
      ],
    })),
  };
}
