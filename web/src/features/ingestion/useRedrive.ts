import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { PipelineService } from "@/gen/observe/events/v1/pipeline_service_pb";
import { addResults, NOTHING_REDRIVEN, REDRIVE_MAX, triedOf } from "./redrive";
import type { RedriveResult } from "./redrive";

/** How many are listed at once to learn their uuids; each may bring 64 KiB of payload. */
const PAGE_SIZE = 100;

export type Redrive =
  | { state: "idle" }
  /** `what` is the uuid of a single one, else "selected" or "all". */
  | { state: "running"; what: string; tried: number; total: number }
  | { state: "done"; result: RedriveResult }
  /** Some may have been tried before it failed. */
  | { state: "failed"; result: RedriveResult; error: unknown };

/** Tries dead letters again, in calls of a bounded size, and tells what became of them. */
export function useRedrive(projectId: string) {
  const transport = useTransport();
  const queryClient = useQueryClient();
  const [redrive, setRedrive] = useState<Redrive>({ state: "idle" });
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const run = useCallback(
    async (what: string, total: number, batches: (signal: AbortSignal) => AsyncIterable<string[]> | Iterable<string[]>) => {
      const { signal } = (abort.current = new AbortController());
      let result = NOTHING_REDRIVEN;
      setRedrive({ state: "running", what, tried: 0, total });
      try {
        for await (const uuids of batches(signal)) {
          result = addResults(result, await callUnaryMethod(transport, PipelineService.method.redriveDeadLetters, { projectId, uuids }, { signal }));
          setRedrive({ state: "running", what, tried: triedOf(result), total });
        }
        setRedrive({ state: "done", result });
      } catch (error) {
        if (!signal.aborted) setRedrive({ state: "failed", result, error });
      }
      await queryClient.invalidateQueries({ queryKey: createConnectQueryKey({ schema: PipelineService, cardinality: undefined }) });
    },
    [projectId, queryClient, transport],
  );

  return {
    redrive,
    close: useCallback(() => setRedrive({ state: "idle" }), []),
    one: (uuid: string) => run(uuid, 1, () => [[uuid]]),
    selected: (uuids: readonly string[]) => run("selected", uuids.length, () => chunks(uuids)),
    // What is refused again stays among the oldest, so more than one call's worth is gone through by name.
    all: (count: number) => run("all", count, (signal) => (count <= REDRIVE_MAX ? [[]] : listed(signal))),
  };

  async function* listed(signal: AbortSignal): AsyncIterable<string[]> {
    const request = { projectId, pageSize: PAGE_SIZE };
    for (let pageToken = ""; ; ) {
      const page = await callUnaryMethod(transport, PipelineService.method.listDeadLetters, { ...request, pageToken }, { signal });
      if (page.deadLetters.length > 0) yield page.deadLetters.map(({ uuid }) => uuid);
      if (page.nextPageToken === "") return;
      pageToken = page.nextPageToken;
    }
  }
}

function chunks(uuids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(uuids.length / REDRIVE_MAX) }, (_, index) => uuids.slice(index * REDRIVE_MAX, (index + 1) * REDRIVE_MAX));
}
