import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useState } from "react";
import { CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";
import { portions } from "./pasted";

export interface AddPersons {
  /** Puts persons on a list, in as many calls as it takes; answers whether all went well. Those that are on it stay, so that it may be tried again. */
  add: (cohortId: string, distinctIds: readonly string[]) => Promise<boolean>;
  /** How many were put on the list; nothing while none is. */
  done: number | undefined;
  error: unknown;
}

export function useAddPersons(): AddPersons {
  const { project } = useProject();
  const transport = useTransport();
  const forget = useForget(CohortService);
  const [done, setDone] = useState<number>();
  const [error, setError] = useState<unknown>(null);
  const add = async (cohortId: string, ids: readonly string[]) => {
    const client = createClient(CohortService, transport);
    setError(null);
    setDone(0);
    try {
      for (const distinctIds of portions(ids)) {
        await client.addCohortPersons({ projectId: project.id, cohortId, distinctIds });
        setDone((count = 0) => count + distinctIds.length);
      }
      return true;
    } catch (thrown) {
      setError(thrown);
      return false;
    } finally {
      setDone(undefined);
      void forget();
    }
  };
  return { add, done, error };
}
