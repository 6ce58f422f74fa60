import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { saveFile } from "@/components/saveFile";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { PersonActivityService } from "@/gen/observe/reports/v1/person_activity_service_pb";
import { ExportFile, exportName } from "./exportFile";
import { idOf, personName } from "./person";

export type Export =
  | { state: "idle" }
  | { state: "running"; events: number }
  | { state: "done"; events: number; file: string }
  | { state: "failed"; error: unknown };

/** Gathers all that is kept of a person and hands it to the browser as one file. Leaving ends it. */
export function useExport(projectId: string, person: Person) {
  const transport = useTransport();
  const [progress, setProgress] = useState<Export>({ state: "idle" });
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const run = useCallback(async () => {
    const { signal } = (abort.current = new AbortController());
    const file = new ExportFile();
    setProgress({ state: "running", events: 0 });
    try {
      let pageToken = "";
      do {
        const page = await callUnaryMethod(transport, PersonActivityService.method.exportPerson, { projectId, id: idOf(person), pageToken }, { signal });
        if (signal.aborted) return;
        file.add(page);
        pageToken = page.nextPageToken;
        setProgress({ state: "running", events: file.events });
      } while (pageToken !== "");
      const name = exportName(personName(person));
      saveFile(name, file.parts(), "application/json");
      setProgress({ state: "done", events: file.events, file: name });
    } catch (error) {
      if (!signal.aborted) setProgress({ state: "failed", error });
    }
  }, [projectId, person, transport]);
  return { progress, run };
}
