import type { ReactNode } from "react";
import type { ChartMark } from "@/charts";
import type { Picked } from "./picked";

/**
 * What every answer is drawn with. A page that knows nothing but an answer, such as a shared dashboard, leaves `request`
 * out: lengths of buckets are then told from the answer itself.
 */
export interface AnswerViewProps<Request, Response> {
  /** What it is about: the name of a saved insight, or the kind of question. */
  title: string;
  response: Response;
  /** The question that it answers. */
  request?: Request | undefined;
  /** An IANA time zone, for an answer without its question. */
  timeZone: string;
  /** Milliseconds since 1970. */
  now: number;
  /** The height of the drawing in pixels, where it is not that of its rows. */
  height?: number | undefined;
  /** Stands at the left of the chart's tools. */
  options?: ReactNode;
  /** What is noted at a time; charts over time show it. */
  notes?: readonly Note[] | undefined;
  /** Told which number was pressed, to show who is behind it. Without it, numbers are only numbers. */
  onPick?: ((number: Picked) => void) | undefined;
}

/** Something noted at a moment. */
export interface Note {
  id: string;
  /** Milliseconds since 1970. */
  time: number;
  /** Hostile text. */
  text: string;
  /** What a press shows: the note and what can be done with it. */
  content: ReactNode;
}

/** Notes by the bucket they fall into; those before the first and after the end of the last are left out. */
export function marksOf(notes: readonly Note[] | undefined, starts: readonly number[], end: number): ChartMark[] | undefined {
  if (!notes || notes.length === 0) return undefined;
  const byBucket = new Map<number, Note[]>();
  for (const note of notes) {
    if (note.time >= end) continue;
    const index = starts.findLastIndex((start) => start <= note.time);
    if (index >= 0) byBucket.set(index, [...(byBucket.get(index) ?? []), note]);
  }
  return [...byBucket].map(([index, all]) => ({
    index,
    count: all.length,
    label: all.map(({ text }) => text).join(" · "),
    content: all.map(({ content }) => content),
  }));
}
