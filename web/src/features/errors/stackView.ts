import type { Exception, StackFrame } from "@/gen/observe/reports/v1/error_service_pb";

/** A part of a stack as it is shown: one call of the application, or calls of libraries behind one line. */
export type StackPart = { kind: "frame"; frame: StackFrame } | { kind: "fold"; frames: StackFrame[] };

/**
 * Folds the calls of libraries that follow each other, so that those of the application stand out. A stack without any of
 * the application is shown whole: folding it would leave nothing.
 */
export function foldStack(frames: readonly StackFrame[]): StackPart[] {
  if (!frames.some(({ inApp }) => inApp)) return frames.map((frame) => ({ kind: "frame", frame }));
  const parts: StackPart[] = [];
  for (const frame of frames) {
    const last = parts.at(-1);
    if (frame.inApp) parts.push({ kind: "frame", frame });
    else if (last?.kind === "fold") last.frames.push(frame);
    else parts.push({ kind: "fold", frames: [frame] });
  }
  return parts;
}

/** The chain as people read it: what was thrown last, then what caused it. */
export function chainOf(exceptions: readonly Exception[]): Exception[] {
  return [...exceptions].reverse();
}

/** `src/cart.ts:41:17`; as far as it is known. */
export function placeOf({ file, line, column }: Pick<StackFrame, "file" | "line" | "column">): string {
  const place = file || "unknown file";
  if (line === 0) return place;
  return column === 0 ? `${place}:${line}` : `${place}:${line}:${column}`;
}

/** What is thrown, in one line. */
export function exceptionTitle({ type, value }: Pick<Exception, "type" | "value">): string {
  if (type && value) return `${type}: ${value}`;
  return type || value || "Exception without a message";
}

/** The whole chain as plain text, as it would be pasted into a report. */
export function stackText(exceptions: readonly Exception[]): string {
  return chainOf(exceptions)
    .map((exception, index) => {
      const lines = exception.frames.map((frame) => `    at ${frame.function ? `${frame.function} (${placeOf(frame)})` : placeOf(frame)}`);
      return [`${index > 0 ? "Caused by: " : ""}${exceptionTitle(exception)}`, ...lines].join("\n");
    })
    .join("\n");
}
