import { createClient } from "@connectrpc/connect";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { useEffect, useState } from "react";
import { seen } from "@/components/event/event";
import type { SeenEvent } from "@/components/event/event";
import { watchStream } from "@/api/watchStream";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";

/** How often the page asks, in case the stream cannot get through, in milliseconds. */
const ASK_MS = 2_000;

export interface Arrival {
  /** The latest event there was when the page was opened; null for none; undefined while that is not known. */
  before: SeenEvent | null | undefined;
  /** The first event that has come since. */
  arrived: SeenEvent | undefined;
  error: unknown;
}

/** Waits for an event: by the stream, which is at once, and by asking, which always works. */
export function useArrival(projectId: string): Arrival {
  const transport = useTransport();
  const [before, setBefore] = useState<SeenEvent | null>();
  const [arrived, setArrived] = useState<SeenEvent>();
  const latest = useQuery(
    EventService.method.listEvents,
    { projectId, pageSize: 1 },
    { refetchInterval: arrived ? false : ASK_MS, gcTime: 0, staleTime: 0 },
  );
  const [event] = latest.data?.events ?? [];

  useEffect(() => {
    setBefore(undefined);
    setArrived(undefined);
    const abort = new AbortController();
    const client = createClient(EventService, transport);
    void watchStream({
      open: (options) => client.watchEvents({ projectId }, options),
      onMessage: ({ events: [first] }) => {
        if (!first) return;
        setArrived((old) => old ?? seen(first));
        abort.abort();
      },
      onConnection: () => undefined,
      signal: abort.signal,
    });
    return () => abort.abort();
  }, [projectId, transport]);

  useEffect(() => {
    if (!latest.data) return;
    if (before === undefined) setBefore(event ? seen(event) : null);
    else if (event && event.uuid !== before?.uuid) setArrived((old) => old ?? seen(event));
  }, [latest.data, event, before]);

  return { before, arrived, error: latest.error };
}
