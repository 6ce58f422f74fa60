import { readError } from "@/api/errors";
import { exactNumber, plural } from "@/format/number";
import { ExportFormat } from "@/gen/observe/reports/v1/export_service_pb";
import { FileTooLarge } from "./exportFile";

/** What is exported. */
export type Kind = "events" | "persons";
/** As what. */
export type Format = "parquet" | "ndjson";

export const FORMATS: Record<Format, { number: ExportFormat; type: string }> = {
  parquet: { number: ExportFormat.PARQUET, type: "application/vnd.apache.parquet" },
  ndjson: { number: ExportFormat.NDJSON, type: "application/x-ndjson" },
};

/** How far an export is. */
export interface Progress {
  rows: number;
  /** About how many rows there are; 0 while that is not known. */
  estimated: number;
  bytes: number;
}

export const NO_PROGRESS: Progress = { rows: 0, estimated: 0, bytes: 0 };

/** The share that is done; undefined while it is not known. The estimate is of the beginning, so it never says all before the end. */
export function shareDone({ rows, estimated }: Progress): number | undefined {
  return estimated > 0 ? Math.min(0.99, rows / estimated) : undefined;
}

/** "12,000 of about 48,000 events, 3.1 MiB". */
export function progressText(kind: Kind, { rows, estimated, bytes }: Progress): string {
  if (rows === 0) return "Asking for the first rows";
  const of = estimated >= rows ? `${exactNumber(rows)} of about ${countText(kind, estimated)}` : countText(kind, rows);
  // The first rows of a Parquet file are gathered before a byte of it is written.
  return bytes > 0 ? `${of}, ${bytesText(bytes)}` : of;
}

/** "1 event", "12,408 people". */
export function countText(kind: Kind, rows: number): string {
  return kind === "events" ? plural(rows, "event") : plural(rows, "person", "people");
}

/** "512 bytes", "3.1 MiB". */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return plural(bytes, "byte");
  const units = ["KiB", "MiB", "GiB"];
  let at = 0;
  let size = bytes / 1024;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at += 1;
  }
  return `${size.toFixed(1)}\u202f${units[at]}`;
}

/** The file's name: of the project, without anything that a file system minds. */
export function fileName(project: string, kind: Kind, format: Format, now: Date): string {
  const plain = project.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 40).replace(/^-+|-+$/g, "");
  return `${plain ? `${plain}-` : ""}${kind}-${now.toISOString().slice(0, 10)}.${format}`;
}

/** Why there is no file, and how to go on. */
export function failureText(thrown: unknown): string {
  if (thrown instanceof FileTooLarge) {
    return "The file grew beyond 1\u202fGiB, which is more than a browser should hold. Nothing was saved. Choose a shorter range, or use the command line.";
  }
  const problem = readError(thrown);
  switch (problem.kind) {
    case "limited":
      return "As many exports as may run at once are running already. Wait until one has ended, then begin again.";
    case "loading":
      return "Reports are being read in after a start. Begin again in a moment.";
    case "forbidden":
    case "signed-out":
    case "not-found":
    case "invalid":
      return problem.message;
    default:
      return `The export broke off, and nothing was saved: a part of a file is no file. Begin again. (${problem.message})`;
  }
}
