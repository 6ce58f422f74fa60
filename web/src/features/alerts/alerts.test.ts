import { createHmac, timingSafeEqual } from "node:crypto";
import { spawnSync } from "node:child_process";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, test } from "vitest";
import { BadRequestSchema } from "@/gen/google/rpc/error_details_pb";
import { placeChannelProblems } from "./channelProblems";
import { VERIFIERS } from "./verify";

const SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const BODY = '{"type":"incident.opened"}';

/** A message as a sender makes it (https://www.standardwebhooks.com), at a time in seconds. */
function signed(time: number, body = BODY) {
  const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`msg_1.${time}.${body}`).digest("base64");
  return { "webhook-id": "msg_1", "webhook-timestamp": String(time), "webhook-signature": `v1,${signature}` };
}

const now = () => Math.floor(Date.now() / 1_000);
const cases: [string, Record<string, string>, string, boolean][] = [
  ["takes what was signed", signed(now()), BODY, true],
  ["takes one good signature of several", { ...signed(now()), "webhook-signature": `v1,AAAA ${signed(now())["webhook-signature"]}` }, BODY, true],
  ["refuses another body", signed(now()), `${BODY} `, false],
  ["refuses an old message", signed(now() - 3_600), BODY, false],
  ["refuses nonsense for a signature", { ...signed(now()), "webhook-signature": "v1," }, BODY, false],
];

describe("the shown Node.js lines", () => {
  const code = VERIFIERS.node.replace(/^import .*$/m, "").replace("export function", "return function");
  const isGenuine = new Function("createHmac", "timingSafeEqual", code)(createHmac, timingSafeEqual) as (headers: object, body: string, secret: string) => boolean;
  it.each(cases)("%s", (_, headers, body, right) => expect(isGenuine(headers, body, SECRET)).toBe(right));
});

const python = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);

// Whoever builds the dashboard need not have Python.
describe.skipIf(python.status !== 0)("the shown Python lines", () => {
  it.each(cases)("%s", (_, headers, body, right) => {
    const ask = `${VERIFIERS.python}\nimport json, sys\nheaders, body, secret = json.load(sys.stdin)\nprint(is_genuine(headers, body.encode(), secret))`;
    const ran = spawnSync("python3", ["-c", ask], { input: JSON.stringify([headers, body, SECRET]), encoding: "utf8" });
    expect([ran.stderr, ran.stdout.trim()]).toEqual(["", right ? "True" : "False"]);
  });
});

test("violations of a channel stand at its two fields", () => {
  const refused = (fields: Record<string, string>) =>
    new ConnectError("invalid request", Code.InvalidArgument, undefined, [
      { desc: BadRequestSchema, value: { fieldViolations: Object.entries(fields).map(([field, description]) => ({ field, description })) } },
    ]);
  expect(placeChannelProblems(refused({ "alert_channel.name": "must not be empty", "alert_channel.webhook.url": "does not resolve" }))).toEqual({
    fields: { name: "Must not be empty.", url: "Does not resolve." },
  });
  expect(placeChannelProblems(refused({ "alert_channel.address": "is missing" })).fields.url).toBe("Is missing.");
  expect(placeChannelProblems(refused({ project_id: "must be a UUID" })).form).toBe("Must be a UUID.");
  expect(placeChannelProblems(new ConnectError("a project has at most 20 alert channels", Code.ResourceExhausted)).form).toBe("A project has at most 20 alert channels.");
});
