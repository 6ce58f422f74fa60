import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useRef } from "react";
import { Key_Kind } from "@/gen/observe/identity/v1/key_pb";
import type { Key } from "@/gen/observe/identity/v1/key_pb";
import { KeyService } from "@/gen/observe/identity/v1/key_service_pb";

/** How often the page looks whether its key still counts, in milliseconds. */
const LOOK_MS = 10_000;

/** The write key to show, and whether the one that was shown before has been revoked meanwhile. */
export function useWriteKey(projectId: string) {
  const list = useQuery(KeyService.method.listKeys, { projectId }, { refetchInterval: LOOK_MS });
  const keys = list.data?.keys.filter((key) => key.kind === Key_Kind.WRITE && key.writeToken !== "") ?? [];
  // What is shown stays what it is while it counts: somebody may be copying it.
  const shown = useRef<{ projectId: string; key: Key }>(undefined);
  if (shown.current?.projectId !== projectId) shown.current = undefined;
  const before = shown.current?.key;
  const key = keys.find((one) => one.id === before?.id) ?? keys[0];
  const revoked = list.data !== undefined && before !== undefined && before.id !== key?.id ? before : undefined;
  if (key && !before) shown.current = { projectId, key };

  const create = useMutation(KeyService.method.createKey, { onSuccess: () => list.refetch() });
  return {
    list,
    key,
    revoked,
    /** Goes on with the key that is in force. */
    accept: () => {
      shown.current = key && { projectId, key };
      void list.refetch();
    },
    create,
    makeKey: () => create.mutate({ projectId, name: "Website", kind: Key_Kind.WRITE }),
  };
}
