import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { fieldError, formError, isRetryable, readError } from "@/api/errors";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@/gen/google/rpc/error_details_pb";
import { ProjectService } from "@/gen/observe/identity/v1/project_service_pb";

/** What a page catches when the service throws this. */
async function caught(thrown: unknown): Promise<unknown> {
  const transport = createRouterTransport((router) => {
    router.rpc(ProjectService.method.updateProject, () => {
      throw thrown;
    });
  });
  return createClient(ProjectService, transport).updateProject({}).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const violations = (fields: Record<string, string>) => ({
  desc: BadRequestSchema,
  value: { fieldViolations: Object.entries(fields).map(([field, description]) => ({ field, description })) },
});
const info = (reason: string, metadata: Record<string, string> = {}) => ({ desc: ErrorInfoSchema, value: { reason, domain: "observe", metadata } });

test("violations stand at their fields, as sentences", async () => {
  const error = await caught(new ConnectError("invalid request", Code.InvalidArgument, undefined, [info("INVALID_REQUEST"), violations({ name: "must not be empty" })]));
  expect(readError(error)).toMatchObject({ kind: "invalid", reason: "INVALID_REQUEST" });
  expect(fieldError(error, "name")).toBe("Must not be empty.");
  expect(fieldError(error, "time_zone")).toBeUndefined();
});

test("a form says nothing itself when its fields say everything", async () => {
  const error = await caught(new ConnectError("invalid request", Code.InvalidArgument, undefined, [violations({ name: "is taken" })]));
  expect(formError(error, ["name"])).toBeUndefined();
  expect(formError(error, [])).toBe("Is taken.");
});

test("the element of a list counts as its field", async () => {
  const error = await caught(new ConnectError("bad", Code.InvalidArgument, undefined, [violations({ "allowed_origins[2]": "has a path" })]));
  expect(fieldError(error, "allowed_origins")).toBe("Has a path.");
  expect(formError(error, ["allowed_origins"])).toBeUndefined();
});

test("a limit says when to come back", async () => {
  const retry = { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 600n, nanos: 1 } }) };
  const problem = readError(await caught(new ConnectError("too many", Code.ResourceExhausted, undefined, [info("RATE_LIMITED"), retry])));
  expect(problem.retryAfterSeconds).toBe(601);
  expect(problem.message).toBe("Too many tries. Try again in 11 min.");
});

test("only trouble that passes by itself is worth trying again", async () => {
  expect(isRetryable(await caught(new ConnectError("away", Code.Unavailable)))).toBe(true);
  expect(isRetryable(await caught(new ConnectError("no", Code.PermissionDenied)))).toBe(false);
  expect(isRetryable(await caught(new ConnectError("no", Code.NotFound)))).toBe(false);
});

test("a projection that loads is no outage", async () => {
  const error = await caught(new ConnectError("loading", Code.Unavailable, undefined, [info("PROJECTION_LOADING", { progress: "0.4" })]));
  expect(readError(error)).toMatchObject({ kind: "loading", metadata: { progress: "0.4" } });
});

test("a server that cannot be reached is told from one that fails", () => {
  expect(readError(new TypeError("Failed to fetch")).kind).toBe("offline");
  expect(readError(new ConnectError("boom", Code.Internal)).message).toBe("Boom.");
});

test("an enum's full name and its short one mean the same reason", async () => {
  const error = await caught(new ConnectError("x", Code.FailedPrecondition, undefined, [info("ERROR_REASON_LAST_OWNER")]));
  expect(readError(error).reason).toBe("LAST_OWNER");
});
