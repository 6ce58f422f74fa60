import { createConnectQueryKey } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";

/** Forgets what is known of cohorts, after one of them was changed; resolves once what is in view was asked for again. */
export function useCohortsChanged(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: createConnectQueryKey({ schema: CohortService, cardinality: undefined }) });
}
