import { useQuery } from "@connectrpc/connect-query";
import { createContext, useContext } from "react";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";
import type { GetMeResponse } from "@/gen/observe/identity/v1/account_service_pb";

/** Asks who is signed in. Only the gate before the signed-in pages uses it; pages use `useMe`. */
export function useMeQuery() {
  return useQuery(AccountService.method.getMe, {}, { staleTime: 60_000 });
}

/** Holds the answer for everything behind the gate. */
export const MeContext = createContext<GetMeResponse | undefined>(undefined);

/** Who is signed in, and what is within reach. */
export function useMe(): GetMeResponse {
  const me = useContext(MeContext);
  if (!me) throw new Error("useMe is used outside the signed-in pages");
  return me;
}
