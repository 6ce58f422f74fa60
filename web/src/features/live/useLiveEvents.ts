import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { createClient } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { seen } from "@/components/event/event";
import { watchStream } from "@/api/watchStream";
import type { Connection } from "@/api/watchStream";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import type { EventFilterSchema } from "@/gen/observe/events/v1/event_service_pb";
import { makeScheduler } from "./drawing";
import { EventFeed } from "./feed";

/** How many events the page begins with, asks for after a broken stream, and shows more of at a time. */
const PAGE_SIZE = 100;

/**
 * The latest events and those that arrive, for one filter. With another filter everything begins anew; so it does when somebody
 * who looked back wants to follow again, since more than can be kept may have come meanwhile.
 */
export function useLiveEvents(projectId: string, filter: MessageInitShape<typeof EventFilterSchema>) {
  const transport = useTransport();
  const [round, setRound] = useState(0);
  const key = JSON.stringify([projectId, filter, round]);
  const feed = useMemo(() => new EventFeed(makeScheduler()), [key]);
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });

  const pages = useInfiniteQuery({
    queryKey: ["live events", key],
    queryFn: ({ pageParam, signal }) => callUnaryMethod(transport, EventService.method.listEvents, { projectId, filter, pageSize: PAGE_SIZE, pageToken: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextPageToken || undefined,
    // The stream brings what is new; asking again would only bring what is here.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    structuralSharing: false,
  });
  useEffect(() => {
    const [first, ...older] = pages.data?.pages ?? [];
    if (first) feed.fill(first.events.map(seen));
    for (const page of older) feed.append(page.events.map(seen));
  }, [feed, pages.data]);

  useEffect(() => {
    const abort = new AbortController();
    const client = createClient(EventService, transport);
    const request = { projectId, filter };
    // Also when the stream begins: what was stored between the answer of the first page and that moment is in neither.
    const catchUp = () =>
      callUnaryMethod(transport, EventService.method.listEvents, { ...request, pageSize: PAGE_SIZE }, { signal: abort.signal })
        .then((page) => feed.catchUp(page.events.map(seen)))
        .catch(() => undefined); // What was missed is found by loading the page anew; the stream itself is well.
    const change = (next: Connection) => {
      if (next.state === "live") void catchUp();
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
  const { fetchNextPage } = pages;
  const older = useCallback(() => {
    feed.lookBack();
    void fetchNextPage();
  }, [feed, fetchNextPage]);
  const resume = useCallback(() => {
    if (feed.snapshot().isBack) setRound((last) => last + 1);
    else feed.resume();
  }, [feed]);
  return { feed, view, pages, connection, older, resume };
}
