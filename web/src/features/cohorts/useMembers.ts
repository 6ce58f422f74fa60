import { createClient } from "@connectrpc/connect";
import { useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { useState } from "react";
import { readError } from "@/api/errors";
import { downloadCsv } from "@/charts/table";
import { useToast } from "@/components/Toast";
import { exactNumber } from "@/format/number";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useProject } from "@/hooks/useProject";
import { personsTable } from "./csv";

/** Persons in a page of the list, and of the file. */
const PAGE_SIZE = 50;
const FILE_PAGE_SIZE = 200;
/** As many persons as one file takes; a browser holds all of them at once. */
const FILE_PERSONS_MAX = 20_000;

/** Who is in a cohort, page by page. */
export function useMembers(cohortId: string) {
  const { project } = useProject();
  return useInfiniteQuery(
    CohortService.method.listCohortPersons,
    { projectId: project.id, cohortId, pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined },
  );
}

/** Reads all pages and hands them to the browser as a file; says how far it is meanwhile. */
export function useMembersFile(cohort: Cohort): { start: () => void; read: number | undefined } {
  const { project } = useProject();
  const transport = useTransport();
  const toast = useToast();
  const [read, setRead] = useState<number>();
  const start = async () => {
    const client = createClient(CohortService, transport);
    const persons: Person[] = [];
    let pageToken = "";
    setRead(0);
    try {
      do {
        const page = await client.listCohortPersons({ projectId: project.id, cohortId: cohort.id, pageSize: FILE_PAGE_SIZE, pageToken });
        persons.push(...page.persons);
        pageToken = page.nextPageToken;
        setRead(persons.length);
      } while (pageToken !== "" && persons.length < FILE_PERSONS_MAX);
      downloadCsv(cohort.name, personsTable(persons));
      if (pageToken !== "") toast.bad(`The file has the first ${exactNumber(persons.length)} people; more than that is more than a browser should hold.`);
    } catch (error) {
      toast.bad(`There is no file: ${readError(error).message}`);
    } finally {
      setRead(undefined);
    }
  };
  return { start: () => void start(), read };
}
