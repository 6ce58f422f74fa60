import { readError } from "@/api/errors";

/** Which violations belong to which field of the editor: the last part of the server's path that names one. */
const FIELDS = [
  "name", "url", "interval", "timeout", "retries", "retry_interval", "method", "headers", "body", "statuses", "keyword", "keyword_absent",
  "follow_redirects", "grace",
] as const;

/** Those that the advanced part shows. */
const ADVANCED: readonly string[] = ["timeout", "retries", "retry_interval", "method", "headers", "body", "statuses", "keyword", "keyword_absent", "follow_redirects"];

export interface FieldProblems {
  /** By the name of the field in the contract. */
  fields: Record<string, string>;
  /** What belongs to no field; undefined when every violation has its place. */
  form?: string;
}

/** Places the violations of a failed call at the fields of the editor: `monitor.http.headers[2].name` at `headers`. */
export function placeProblems(thrown: unknown): FieldProblems {
  if (!thrown) return { fields: {} };
  const problem = readError(thrown);
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const [path, text] of Object.entries(problem.fields)) {
    const field = fieldOf(path);
    if (field === undefined) rest.push(text);
    else fields[field] = [fields[field], numbered(path, text)].filter(Boolean).join(" ");
  }
  if (rest.length > 0) return { fields, form: rest.join(" ") };
  return Object.keys(fields).length > 0 ? { fields } : { fields, form: problem.message };
}

/** Whether a problem stands where it is folded away. */
export function isInAdvanced(fields: Record<string, string>): boolean {
  return Object.keys(fields).some((field) => ADVANCED.includes(field));
}

function fieldOf(path: string): string | undefined {
  const known = path.split(".").map((part) => part.replace(/\[\d+\]$/, ""));
  return known.find((part) => part !== "monitor" && FIELDS.includes(part as (typeof FIELDS)[number]));
}

/** Says which of several is meant: "Header 3: must not be empty." */
function numbered(path: string, text: string): string {
  const place = /headers\[(\d+)\]/.exec(path)?.[1];
  return place === undefined ? text : `Header ${Number(place) + 1}: ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
