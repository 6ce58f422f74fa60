import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Erasure_State as State, ErasureSchema } from "@/gen/observe/identity/v1/erasure_pb";
import { actorOf, erasedEvents, hashOf, isDone, partsOf } from "./erasure";

const part = (service: string, removed: Record<string, bigint>) => ({ service, confirmTime: timestampFromMs(1_000), removed });
const erasure = (...parts: ReturnType<typeof part>[]) => create(ErasureSchema, { id: "e1", state: State.PENDING, parts });

describe("a receipt", () => {
  it("has a place for every service before it has confirmed", () => {
    const parts = partsOf(erasure(part("identity", { distinct_ids: 2n })));
    expect(parts.map(({ service, confirmed }) => [service, confirmed !== undefined])).toEqual([
      ["identity", true],
      ["events", false],
      ["reports", false],
    ]);
  });

  it("tells what went in words and in a fixed order, also what it does not know", () => {
    const [, events] = partsOf(erasure(part("events", { surprises: 3n, dead_letters: 0n, events: 12_408n, log_rows: 1n })));
    expect(events?.removed.map(({ text }) => text)).toEqual(["12,408 events", "1 log row rewritten", "0 dead letters", "3 surprises"]);
  });

  it("shows the part of a service that it does not know", () => {
    expect(partsOf(erasure(part("billing", {}))).at(-1)).toMatchObject({ service: "billing", name: "billing" });
  });

  it("knows how many events went only once they were counted", () => {
    expect(erasedEvents(erasure(part("identity", {})))).toBeUndefined();
    expect(erasedEvents(erasure(part("events", { events: 0n })))).toBe(0n);
  });

  it("is done when the server says so", () => {
    expect([isDone(erasure()), isDone(create(ErasureSchema, { state: State.DONE }))]).toEqual([false, true]);
  });

  it("names the user or the key that asked for it", () => {
    expect(actorOf({ actor: "user u-1" })).toEqual({ kind: "user", id: "u-1" });
    expect(actorOf({ actor: "key k-1" })).toEqual({ kind: "key", id: "k-1" });
    expect(actorOf({ actor: "" })).toEqual({ kind: "user", id: "" });
  });

  it("holds the SHA-256 of an id in hexadecimal", async () => {
    expect(await hashOf("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
