import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useMemo, useState } from "react";
import { IconButton } from "@/components/IconButton";
import { Flag } from "@/components/query/icons";
import { resolveRange, toTimeRange } from "@/components/query";
import { type Annotation, AnnotationService } from "@/gen/observe/reports/v1/annotation_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import type { Note } from "../answers";
import type { TimeRangeState } from "@/components/query";
import type { Asker } from "../request";
import { AnnotationDialog } from "./AnnotationDialog";
import { NoteCard } from "./NoteCard";

/** What is noted in a range, how a note is added, and the dialog in which one is written. */
export function useNotes(range: TimeRangeState, asker: Asker, enabled: boolean) {
  const { membership } = useProject();
  const may = mayChange(membership.role);
  const [written, setWritten] = useState<Annotation | "new" | null>(null);
  const { start, end } = resolveRange(range, asker.timeZone, asker.now);
  const asked = useMemo(() => ({ projectId: asker.projectId, range: toTimeRange({ start, end }) }), [asker.projectId, start, end]);
  const { data } = useQuery(AnnotationService.method.listAnnotations, asked, { enabled });
  const notes = useMemo<Note[]>(
    () =>
      (data?.annotations ?? []).map((annotation) => ({
        id: annotation.id,
        time: annotation.time ? timestampMs(annotation.time) : 0,
        text: annotation.text,
        content: <NoteCard key={annotation.id} annotation={annotation} onEdit={may ? () => setWritten(annotation) : undefined} />,
      })),
    [data, may],
  );
  return {
    notes,
    annotate: may && <IconButton size="s" label="Add annotation" icon={<Flag aria-hidden />} onClick={() => setWritten("new")} />,
    dialog: written !== null && <AnnotationDialog annotation={written === "new" ? null : written} time={Math.min(asker.now, end - 1)} onClose={() => setWritten(null)} />,
  };
}
