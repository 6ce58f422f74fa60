import { clone } from "@bufbuild/protobuf";
import { createConnectQueryKey, useMutation, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { readError } from "@/api/errors";
import { useToast } from "@/components/Toast";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import { ErrorService, GetErrorGroupResponseSchema } from "@/gen/observe/reports/v1/error_service_pb";
import type { ErrorGroup_Status as Status, GetErrorGroupResponse } from "@/gen/observe/reports/v1/error_service_pb";
import type { Decision } from "./group";

/** Decides about a group: shown at once, and taken back with a message when the server refuses it. */
export function useDecide(projectId: string, errorGroupId: string, range: TimeRange): (decision: Decision) => void {
  const transport = useTransport();
  const queryClient = useQueryClient();
  const toast = useToast();
  const { mutateAsync } = useMutation(ErrorService.method.updateErrorGroup);
  const queryKey = createConnectQueryKey({
    schema: ErrorService.method.getErrorGroup,
    input: { projectId, errorGroupId, range },
    transport,
    cardinality: "finite",
  });
  const listKey = createConnectQueryKey({ schema: ErrorService.method.listErrorGroups, transport, cardinality: undefined });

  const decide = async ({ status, done }: Decision) => {
    // An answer under way would bring the old status back.
    await queryClient.cancelQueries({ queryKey });
    const before = queryClient.getQueryData<GetErrorGroupResponse>(queryKey);
    queryClient.setQueryData(queryKey, before && withStatus(before, status));
    try {
      await mutateAsync({ projectId, errorGroupId, status });
      toast.ok(done);
    } catch (error) {
      queryClient.setQueryData(queryKey, before);
      toast.bad(`The status is as it was. ${readError(error).message}`);
    }
    await Promise.all([queryClient.invalidateQueries({ queryKey }), queryClient.invalidateQueries({ queryKey: listKey })]);
  };
  return (decision) => void decide(decision);
}

function withStatus(answer: GetErrorGroupResponse, status: Status): GetErrorGroupResponse {
  const next = clone(GetErrorGroupResponseSchema, answer);
  if (next.errorGroup) Object.assign(next.errorGroup, { status, regressed: false });
  return next;
}
