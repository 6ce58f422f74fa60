import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@/gen/google/rpc/error_details_pb";

/** What a failed call means to a person; this file is the only one that reads a ConnectError. */
export interface Problem {
  /** What kind of trouble it is, for choosing what to show. */
  kind: ProblemKind;
  /** The cause in the contract's words, without its prefix, such as "RATE_LIMITED"; empty when none was given. */
  reason: string;
  /** One sentence for the page. */
  message: string;
  /** What is wrong with which field of the request, by its proto name. */
  fields: Record<string, string>;
  /** How long to wait before the next try, in seconds, when the server said so. */
  retryAfterSeconds?: number;
  /** What the reason is about. */
  metadata: Record<string, string>;
}

export type ProblemKind =
  | "signed-out"
  | "forbidden"
  | "not-found"
  | "invalid"
  | "conflict"
  | "limited"
  | "loading"
  | "unavailable"
  | "offline"
  | "unbuilt"
  | "cancelled"
  | "fault";

const KIND_OF_CODE: Partial<Record<Code, ProblemKind>> = {
  [Code.Unauthenticated]: "signed-out",
  [Code.PermissionDenied]: "forbidden",
  [Code.NotFound]: "not-found",
  [Code.InvalidArgument]: "invalid",
  [Code.OutOfRange]: "invalid",
  [Code.AlreadyExists]: "conflict",
  [Code.FailedPrecondition]: "conflict",
  [Code.Aborted]: "conflict",
  [Code.ResourceExhausted]: "limited",
  [Code.Unavailable]: "unavailable",
  [Code.DeadlineExceeded]: "unavailable",
  [Code.Unimplemented]: "unbuilt",
  [Code.Canceled]: "cancelled",
};

/** Reads any thrown value. */
export function readError(thrown: unknown): Problem {
  const error = ConnectError.from(thrown);
  const info = error.findDetails(ErrorInfoSchema)[0];
  const retry = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const reason = (info?.reason ?? "").replace(/^ERROR_REASON_/, "");
  const fields: Record<string, string> = {};
  for (const violation of error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations)) {
    fields[violation.field] ??= sentence(violation.description);
  }
  const problem: Problem = { kind: kindOf(error, reason), reason, message: "", fields, metadata: info?.metadata ?? {} };
  if (retry) problem.retryAfterSeconds = Number(retry.seconds) + (retry.nanos > 0 ? 1 : 0);
  problem.message = messageOf(problem, error.rawMessage);
  return problem;
}

/** Whether trying again without a change can help. */
export function isRetryable(thrown: unknown): boolean {
  const { kind } = readError(thrown);
  return kind === "unavailable" || kind === "offline" || kind === "loading";
}

/** The message for one field of a form, from the error of its last try; `tags[2]` belongs to `tags`. */
export function fieldError(thrown: unknown, field: string): string | undefined {
  if (!thrown) return undefined;
  return Object.entries(readError(thrown).fields).find(([path]) => fieldOf(path) === field)?.[1];
}

/** The message for the whole form: nothing when every violation stands at one of the fields shown. */
export function formError(thrown: unknown, shown: readonly string[]): string | undefined {
  if (!thrown) return undefined;
  const problem = readError(thrown);
  const violated = Object.keys(problem.fields);
  if (violated.length > 0 && violated.every((path) => shown.includes(fieldOf(path)))) return undefined;
  const rest = violated.filter((path) => !shown.includes(fieldOf(path))).map((path) => problem.fields[path]);
  return rest.length > 0 ? rest.join(" ") : problem.message;
}

/** The field of the form that a path in the request belongs to. */
function fieldOf(path: string): string {
  return path.replace(/[[.].*$/, "");
}

function kindOf(error: ConnectError, reason: string): ProblemKind {
  if (reason === "PROJECTION_LOADING") return "loading";
  // A fetch that never reached the server arrives as a TypeError, which the library files under Unknown.
  if (error.code === Code.Unknown && error.cause instanceof TypeError) return "offline";
  return KIND_OF_CODE[error.code] ?? "fault";
}

function messageOf(problem: Problem, raw: string): string {
  const wait = problem.retryAfterSeconds;
  switch (problem.kind) {
    case "signed-out":
      return "You are signed out. Sign in to go on.";
    case "forbidden":
      return "Your role does not allow this. Ask an owner or admin of the organization.";
    case "not-found":
      return "This does not exist, or you have no access to it.";
    case "limited":
      return wait ? `Too many tries. Try again in ${duration(wait)}.` : sentence(raw);
    case "loading":
      return "Reports are being read in after a start. This page continues by itself.";
    case "unavailable":
      return "A part of Observe does not answer at the moment.";
    case "offline":
      return "Observe cannot be reached. Check the connection and try again.";
    case "unbuilt":
      return "This installation of Observe does not offer this yet.";
    case "cancelled":
      return "The request was cancelled.";
    case "invalid":
    case "conflict":
    case "fault":
      return raw ? sentence(raw) : "Something went wrong in Observe.";
  }
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  return `${Math.ceil(seconds / 60)} min`;
}

/** The server's phrases are lowercase and without a full stop; a page shows sentences. */
function sentence(phrase: string): string {
  const text = phrase.trim();
  if (text === "") return text;
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
