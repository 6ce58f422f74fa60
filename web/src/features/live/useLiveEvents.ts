import { callUnaryMethod, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { createClient } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { seen } from "@/components/event/event";
import { watchStream } from "@/api/watchStream";
import type { Connection } from "@/api/watchStream";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import type { EventFilterSchema } from "@/gen/observe/events/v1/event_service_pb";
import { makeScheduler } from "./drawing";
import { EventFeed } from "./feed";

/** How many events the page begins with, and asks for after a broken stream. */
const PAGE_SIZE = 100;

/** The latest events and those that arrive, for one filter. With another filter everything begins anew. */
export function useLiveEvents(projectId: string, filter: MessageInitShape<typeof EventFilterSchema>) {
  const transport = useTransport();
  const key = JSON.stringify([projectId, filter]);
  const feed = useMemo(() => new EventFeed(makeScheduler()), [key]);
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });

  const pages = useInfiniteQuery(
    EventService.method.listEvents,
    { projectId, filter, pageSize: PAGE_SIZE, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (last) => last.nextPageToken || undefined,
      // The stream brings what is new; asking again would only bring what is here.
      staleTime: Infinity,
      gcTime: 0,
      refetchOnWindowFocus: false,
    },
  );
  useEffect(() => feed.fill(pages.data?.pages.flatMap((page) => page.events.map(seen)) ?? []), [feed, pages.data]);

  useEffect(() => {
    const abort = new AbortController();
    const client = createClient(EventService, transport);
    const request = { projectId, filter };
    let broken = false;
    const catchUp = () =>
      callUnaryMethod(transport, EventService.method.listEvents, { ...request, pageSize: PAGE_SIZE }, { signal: abort.signal })
        .then((page) => feed.receive(page.events.map(seen).reverse()))
        .catch(() => undefined); // What was missed is found by loading the page anew; the stream itself is well.
    const change = (next: Connection) => {
      if (next.state === "live" && broken) void catchUp();
      broken = next.state === "live" ? false : broken || next.state === "retrying";
      setConnection(next);
    };
    void watchStream({
      open: (options) => client.watchEvents(request, options),
      onMessage: (message) => feed.receive(message.events.map(seen), Number(message.dropped)),
      onConnection: change,
      signal: abort.signal,
    });
    const timer = window.setInterval(feed.tick, 1000);
    return () => {
      abort.abort();
      window.clearInterval(timer);
    };
    // `key` stands for project and filter, which are new objects with every draw.
  }, [feed, key, transport]);

  const view = useSyncExternalStore(feed.subscribe, feed.snapshot);
  return { feed, view, pages, connection };
}
