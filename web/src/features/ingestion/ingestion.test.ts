import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { GetPipelineStatusResponseSchema, RejectedEventSchema, RejectionCountSchema } from "@/gen/observe/events/v1/pipeline_service_pb";
import { addSample, balanceOf, ledgerText, partsOf, rateOf, rateText, unaccounted, waitingOf } from "./ledger";
import { noticesOf } from "./notices";
import { payloadOf, visible } from "./payload";
import { CODES, reasonOf } from "./reasons";
import { addResults, NOTHING_REDRIVEN, redriveText } from "./redrive";
import { codesOf, rejectedTotal, rowsOf } from "./rejected";

const NOW = new Date("2026-11-23T12:00:00Z");
const status = (change: object = {}) => create(GetPipelineStatusResponseSchema, { accepted: 1_000n, stored: 980n, duplicates: 12n, deadLettered: 3n, pending: 5n, ...change });

describe("the ledger", () => {
  it("adds up, and says so", () => {
    expect(unaccounted(status())).toBe(0n);
    expect(balanceOf(status())).toMatchObject({ tone: "ok", text: "Every accepted event is accounted for." });
    expect(ledgerText(status())).toBe("Accepted 1,000: stored 980, duplicates 12, dead letters 3, pending 5");
  });

  it("says how much is just being counted, whichever way it is off", () => {
    expect(balanceOf(status({ accepted: 1_007n })).text).toMatch(/^7 events just being counted/);
    expect(balanceOf(status({ accepted: 999n })).text).toMatch(/^1 event just being counted/);
  });

  it("gives every part that is there a piece that can be seen, and the pieces fill the bar", () => {
    const parts = partsOf(status({ accepted: 10_000_000_013n, stored: 10_000_000_000n, duplicates: 12n, deadLettered: 1n, pending: 0n }));
    expect(parts.map(({ share }) => share > 0.005)).toEqual([true, true, true, false]);
    expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(parts[3]!.share).toBe(0);
  });

  it("of nothing has no pieces, nor has what is counted below zero for a moment", () => {
    expect(partsOf(create(GetPipelineStatusResponseSchema)).map(({ share }) => share)).toEqual([0, 0, 0, 0]);
    expect(partsOf(status({ pending: -2n }))[3]!.share).toBe(0);
  });

  it.each([
    [{ pending: 0n }, "ok", "Nothing waits to be stored."],
    [{ pending: 5n, oldestPendingAge: durationFromMs(300) }, "ok", "The oldest pending event has waited 300 ms, which is normal."],
    [{ pending: 5n, oldestPendingAge: durationFromMs(40_000) }, "info", "The oldest pending event has waited 40 s. That is mostly a burst; pages show numbers that old until it is through."],
    [{ pending: 5n, oldestPendingAge: durationFromMs(184_000) }, "warn", "The oldest pending event has waited 3 min. Pages show numbers that old."],
    [{ pending: 0n, oldestPendingAge: durationFromMs(2_000) }, "ok", "Nothing of this project waits to be stored."],
    [{ pending: 0n, oldestPendingAge: durationFromMs(184_000) }, "warn", "Nothing of this project waits, but the queue's oldest event has waited 3 min. Pages show numbers that old."],
  ])("says what the age of the oldest pending event means: %o", (change, tone, text) => {
    expect(waitingOf(status(change))).toMatchObject({ tone, text });
  });
});

describe("the rate of accepted events", () => {
  it("is known from the second answer on, and forgets what is long ago", () => {
    let samples = addSample([], { atMs: 0, count: 100n });
    expect(rateOf(samples)).toBeUndefined();
    samples = addSample(samples, { atMs: 2_000, count: 150n });
    expect(rateOf(samples)).toBe(25);
    samples = addSample(samples, { atMs: 60_000, count: 150n });
    samples = addSample(samples, { atMs: 62_000, count: 152n });
    expect(rateOf(samples)).toBe(1);
  });

  it("takes an answer once, and begins anew when the count goes down", () => {
    const one = addSample([], { atMs: 0, count: 100n });
    expect(addSample(one, { atMs: 0, count: 100n })).toBe(one);
    expect(addSample(one, { atMs: 2_000, count: 3n })).toEqual([{ atMs: 2_000, count: 3n }]);
  });

  it.each([
    [0, "none right now"],
    [0.001, "1 a minute now"],
    [0.5, "30 a minute now"],
    [3.25, "3.3 a second now"],
    [1_234.4, "1,234 a second now"],
  ])("of %d a second reads %j", (rate, text) => {
    expect(rateText(rate)).toBe(text);
  });
});

describe("notices", () => {
  const kinds = (change: object) => noticesOf(status(change), NOW, "UTC").map(({ kind, tone }) => `${kind} ${tone}`);

  it("are none while all is well", () => {
    expect(kinds({ oldestPendingAge: durationFromMs(9_000) })).toEqual([]);
  });

  it("say what stands still instead of that it is late", () => {
    const change = { stalledReason: "shard 3 holds an entry of format 9", oldestPendingAge: durationFromMs(3_600_000) };
    expect(kinds(change)).toEqual(["stalled bad"]);
    expect(noticesOf(status(change), NOW, "UTC")[0]!.text).toMatch(/^Shard 3 holds an entry of format 9\. The events behind it wait\./);
  });

  it("warn of what is late, each with something to do", () => {
    const [late] = noticesOf(status({ oldestPendingAge: durationFromMs(184_000) }), NOW, "UTC");
    expect(late).toMatchObject({ kind: "late", title: "Events are stored 3 min late" });
    expect(late!.steps.length).toBeGreaterThan(0);
  });

  it("warn of a replaced queue for a week, and remember it quietly after that", () => {
    const at = (days: number) => timestampFromMs(NOW.getTime() - days * 86_400_000);
    expect(kinds({ queueReplacedTime: at(6) })).toEqual(["replaced warn"]);
    expect(kinds({ queueReplacedTime: at(8) })).toEqual(["replaced quiet"]);
    expect(noticesOf(status({ queueReplacedTime: at(1) }), NOW, "Europe/Berlin")[0]!.title).toBe("The queue was replaced by another one on 22 Nov 2026, 13:00:00, Europe/Berlin");
  });
});

describe("reasons", () => {
  it("are known for every code of the contract, each with a name of its own and something to change", () => {
    const documented = [
      "invalid_event", "missing_name", "missing_distinct_id", "invalid_uuid", "invalid_timestamp", "too_old", "name_too_long", "distinct_id_too_long",
      "event_too_large", "too_many_properties", "too_deep", "property_key_too_long", "non_finite_number", "invalid_properties",
      "not_json", "no_events", "malformed", "invalid_request", "body_too_large", "too_many_events", "unsupported_encoding", "unsupported_content_type",
      "rate_limited", "queue_full", "unavailable", "origin_not_allowed", "secret_key_exposed", "invalid_span", "internal_error",
    ]; // prettier-ignore
    expect([...CODES].sort()).toEqual([...documented].sort());
    expect(new Set(CODES.map((code) => reasonOf(code).title)).size).toBe(CODES.length);
    for (const code of CODES) expect(reasonOf(code).advice, code).toMatch(/[.!]$/);
  });

  it("that are not known are told by their own words", () => {
    expect(reasonOf("batch_too_odd", "a batch is odd")).toEqual({ title: "Batch too odd", advice: "a batch is odd", unit: "event" });
    expect(reasonOf("").title).toBe("No reason given");
    expect(reasonOf("constructor").title).toBe("Constructor");
  });
});

describe("rejected events", () => {
  const rejected = (n: number, change: object = {}) => create(RejectedEventSchema, { receivedTime: timestampFromMs(n), code: "missing_name", endpoint: "/v1/events", ...change });

  it("keep their keys when new ones come on top, also those that are alike", () => {
    const old = [rejected(2), rejected(1), rejected(1), rejected(1)];
    const before = rowsOf(old).map(({ key }) => key);
    const after = rowsOf([rejected(3), rejected(2, { name: "b" }), ...old]).map(({ key }) => key);
    expect(new Set(before).size).toBe(4);
    expect(after.slice(2)).toEqual(before);
  });

  it("can be limited to any reason that was counted, is listed, or stands in the address", () => {
    const counts = [create(RejectionCountSchema, { code: "too_old", count: 4n }), create(RejectionCountSchema, { code: "not_json", count: 1n })];
    expect(codesOf(counts, [rejected(1), rejected(2)], "queue_full")).toEqual(["too_old", "not_json", "missing_name", "queue_full"]);
    expect(codesOf([], [], "")).toEqual([]);
    expect(rejectedTotal(counts)).toBe(5n);
  });
});

describe("what was sent", () => {
  it("is laid out if it is JSON, with every digit and every repeated key as it came", () => {
    const sent = '{"n":12345678901234567890.10,"n":1e400,"list":[1,{"deep":[]}],"text":"a, b: {c} \\"d\\" \\\\","none":{}}';
    const { text, isJson } = payloadOf(sent);
    expect(isJson).toBe(true);
    expect(text).toBe(
      '{\n  "n": 12345678901234567890.10,\n  "n": 1e400,\n  "list": [\n    1,\n    {\n      "deep": []\n    }\n  ],\n  "text": "a, b: {c} \\"d\\" \\\\",\n  "none": {}\n}',
    );
    expect(JSON.parse(text)).toEqual(JSON.parse(sent));
  });

  it.each(['{"cut": "of', "plain text", "", "null", "42", "<b>bold</b>", "{]"])("stays as it came if it is not: %j", (sent) => {
    expect(payloadOf(sent)).toEqual({ text: sent, isJson: false });
  });

  it("that nests deeply or is long is laid out all the same", () => {
    const deep = "[".repeat(5_000) + "]".repeat(5_000);
    const long = `{"text":"${"x".repeat(65_000)}","list":[${Array.from({ length: 9_000 }, (_, n) => n).join(",")}]}`;
    expect(payloadOf(deep).text.replace(/\s/g, "")).toBe(deep);
    expect(payloadOf(long).text.replace(/\s/g, "")).toBe(long);
  });

  it("hides nothing: what cannot be seen is written out", () => {
    expect(visible("exe.\u202egnp\u0000\u200b\u2066 tab\tline\n")).toBe("exe.\\u202egnp\\u0000\\u200b\\u2066 tab\tline\n");
    expect(visible("Ünïcode 😀 العربية")).toBe("Ünïcode 😀 العربية");
  });
});

describe("trying dead letters again", () => {
  it.each([
    [{ stored: 12, duplicates: 0, refused: 0 }, "12 events stored."],
    [{ stored: 1, duplicates: 1, refused: 0 }, "1 event stored and 1 duplicate of what was stored meanwhile."],
    [{ stored: 2, duplicates: 1, refused: 1 }, "2 events stored, 1 duplicate of what was stored meanwhile and 1 event refused again. It stays in the list with the new reason."],
    [{ stored: 0, duplicates: 0, refused: 3 }, "3 events refused again. They stay in the list with the new reason."],
    [NOTHING_REDRIVEN, "Nothing was left to try: somebody else has done it meanwhile."],
  ])("says what became of them: %o", (result, text) => {
    expect(redriveText(result)).toBe(text);
  });

  it("adds up over several calls", () => {
    expect(addResults({ stored: 1, duplicates: 2, refused: 3 }, { stored: 10, duplicates: 20, refused: 30 })).toEqual({ stored: 11, duplicates: 22, refused: 33 });
  });
});
