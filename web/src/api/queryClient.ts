import { createConnectQueryKey } from "@connectrpc/connect-query";
import { QueryClient } from "@tanstack/react-query";
import { isRetryable, readError } from "@/api/errors";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";

/** How long an answer counts as fresh, in milliseconds. */
const FRESH_MS = 15_000;
/** How often a query is tried again before its error is shown. */
const RETRIES = 2;

/** The key of the question who is signed in. */
export const ME_KEY = createConnectQueryKey({ schema: AccountService.method.getMe, cardinality: "finite" });

/** The cache of everything that was asked of the server. */
export function makeQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: { staleTime: FRESH_MS, retry: (failures, error) => failures < RETRIES && isRetryable(error) },
      mutations: { retry: false },
    },
  });
  client.getQueryCache().subscribe((event) => {
    // Whichever page notices first that the session has ended, the gate before all pages learns it by asking again.
    if (event.type !== "updated" || event.action.type !== "error") return;
    const isMe = JSON.stringify(event.query.queryKey).includes(AccountService.method.getMe.name);
    if (!isMe && readError(event.action.error).kind === "signed-out") void client.invalidateQueries({ queryKey: ME_KEY });
  });
  return client;
}
