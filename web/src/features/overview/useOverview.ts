import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { watchStream } from "@/api/watchStream";
import type { Connection } from "@/api/watchStream";
import { OverviewService } from "@/gen/observe/reports/v1/overview_service_pb";
import { useVisible } from "@/hooks/useVisible";

/** How often the overview is asked for while there is no stream, in milliseconds. */
const POLL_MS = 5_000;
/** The stream says something every 15 s; when it was silent for so long, the page asks by itself; in milliseconds. */
const SILENT_MS = 25_000;

/**
 * The overview as it is now: from the stream while there is one, else by asking again and again, so that it also works
 * behind a proxy that holds streams back. A page that nobody sees follows no stream: browsers allow few connections.
 */
export function useOverview(projectId: string) {
  const transport = useTransport();
  const queryClient = useQueryClient();
  const isVisible = useVisible();
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });
  const isLive = connection.state === "live";

  const query = useQuery(
    OverviewService.method.getOverview,
    { projectId },
    // The interval begins anew with each answer, also with those of the stream.
    { refetchInterval: isLive ? SILENT_MS : POLL_MS, staleTime: isLive ? Infinity : POLL_MS },
  );

  useEffect(() => {
    if (!isVisible) return;
    const abort = new AbortController();
    const client = createClient(OverviewService, transport);
    const queryKey = createConnectQueryKey({
      schema: OverviewService.method.getOverview,
      input: { projectId },
      transport,
      cardinality: "finite",
    });
    void watchStream({
      open: (options) => client.watchOverview({ projectId }, options),
      onMessage: ({ overview }) => overview && queryClient.setQueryData(queryKey, overview),
      onConnection: setConnection,
      signal: abort.signal,
    });
    return () => {
      abort.abort();
      setConnection({ state: "connecting" });
    };
  }, [projectId, transport, queryClient, isVisible]);

  return { query, connection };
}
