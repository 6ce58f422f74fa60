import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { saveFile } from "@/components/saveFile";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import { ExportService } from "@/gen/observe/reports/v1/export_service_pb";
import type { Project } from "@/gen/observe/identity/v1/project_pb";
import { ExportFile } from "./exportFile";
import { fileName, FORMATS, NO_PROGRESS } from "./exportView";
import type { Format, Kind, Progress } from "./exportView";

/** How often the page is drawn anew while pieces come, in milliseconds. */
const DRAW_MS = 100;

/** What is asked for. */
export interface Wanted {
  kind: Kind;
  format: Format;
  /** Of events; all time without one. */
  range?: TimeRange | undefined;
  /** Of events; any when empty. */
  names: string[];
}

export type FileExport =
  | { state: "idle" }
  | { state: "running"; kind: Kind; progress: Progress }
  | { state: "cancelled" }
  | { state: "done"; kind: Kind; progress: Progress; file: string }
  | { state: "failed"; error: unknown };

/** Exports into a file that is handed to the browser once it is whole. Leaving the page ends it. */
export function useFileExport(project: Project) {
  const transport = useTransport();
  const [exported, setExported] = useState<FileExport>({ state: "idle" });
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const run = useCallback(
    async ({ kind, format, range, names }: Wanted) => {
      abort.current?.abort();
      const { signal } = (abort.current = new AbortController());
      const client = createClient(ExportService, transport);
      const { number, type } = FORMATS[format];
      const file = new ExportFile();
      let progress = NO_PROGRESS;
      let drawnMs = 0;
      setExported({ state: "running", kind, progress });
      try {
        const pieces =
          kind === "events"
            ? client.exportEvents({ projectId: project.id, format: number, names, ...(range && { range }) }, { signal })
            : client.exportPersons({ projectId: project.id, format: number }, { signal });
        for await (const piece of pieces) {
          file.add(piece.chunk);
          progress = { rows: Number(piece.progress?.rowsDone ?? 0), estimated: Number(piece.progress?.rowsEstimated ?? 0), bytes: file.bytes };
          if (performance.now() - drawnMs < DRAW_MS) continue;
          drawnMs = performance.now();
          setExported({ state: "running", kind, progress });
        }
        if (signal.aborted) return;
        // Only a stream that ended well is a file.
        const name = fileName(project.name, kind, format, new Date());
        saveFile(name, file.parts(), type);
        setExported({ state: "done", kind, progress, file: name });
      } catch (error) {
        if (signal.aborted) return;
        // What is not wanted any more need not be made.
        abort.current.abort();
        setExported({ state: "failed", error });
      }
    },
    [project.id, project.name, transport],
  );
  const cancel = useCallback(() => {
    abort.current?.abort();
    setExported({ state: "cancelled" });
  }, []);
  return { exported, run, cancel };
}
