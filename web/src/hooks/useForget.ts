import type { DescService } from "@bufbuild/protobuf";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";

/** Forgets every answer of some services, after something of theirs was changed; resolves once what is in view was asked for again. */
export function useForget(...services: DescService[]): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await Promise.all(services.map((schema) => client.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: undefined }) })));
  };
}
