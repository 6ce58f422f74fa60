import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DashboardSchema } from "@/gen/observe/reports/v1/dashboard_service_pb";
import type { Draft } from "./draft";
import { REST_MS, Saver } from "./saver";

/** A server that holds one dashboard; each save makes it a second older. */
class Server {
  time = 1_000;
  name = "Monday";
  saves: string[] = [];
  /** What the next save waits for. */
  hold: Promise<void> = Promise.resolve();
  trouble: ConnectError | undefined;

  kept() {
    return create(DashboardSchema, { id: "d", name: this.name, updatedTime: timestampFromMs(this.time) });
  }

  rename(name: string) {
    this.name = name;
    this.time += 1_000;
  }

  update = async (draft: Draft, since: Timestamp | undefined) => {
    await this.hold;
    if (this.trouble) throw this.trouble;
    if (since && timestampMs(since) !== this.time) throw new ConnectError("it was changed since", Code.Aborted);
    this.rename(draft.name);
    this.saves.push(draft.name);
    return this.kept();
  };

  read = async () => this.kept();
}

let server: Server;
let saver: Saver;
const rest = () => vi.advanceTimersByTimeAsync(REST_MS);

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  saver = new Saver(server.kept(), server);
});

afterEach(() => vi.useRealTimers());

describe("what is changed", () => {
  it("is shown at once, and saved once it rests", async () => {
    saver.change({ name: "Tu" });
    saver.change({ name: "Tuesday" });
    expect(saver.shown()).toMatchObject({ draft: { name: "Tuesday" }, state: "waiting" });
    await rest();
    expect(server.saves).toEqual(["Tuesday"]);
    expect(saver.shown().state).toBe("saved");
  });

  it("while a save is under way is saved after it, and not beside it", async () => {
    let go = () => undefined as void;
    server.hold = new Promise((resolve) => (go = resolve));
    saver.change({ name: "First" });
    await rest();
    saver.change({ name: "Second" });
    await rest();
    expect(server.saves).toEqual([]);
    go();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.saves).toEqual(["First", "Second"]);
    expect(saver.shown()).toMatchObject({ draft: { name: "Second" }, state: "saved" });
  });

  it("to something without a name waits for one", async () => {
    saver.change({ name: " " });
    await rest();
    expect([server.saves, saver.shown().state]).toEqual([[], "waiting"]);
    saver.change({ name: "A" });
    await rest();
    expect(server.saves).toEqual(["A"]);
  });

  it("is kept through a trouble, and saved by the next try", async () => {
    server.trouble = new ConnectError("away", Code.Unavailable);
    saver.change({ name: "Kept" });
    await rest();
    expect(saver.shown()).toMatchObject({ draft: { name: "Kept" }, state: "failed" });
    server.trouble = undefined;
    await saver.save();
    expect([server.saves, saver.shown().state, saver.shown().error]).toEqual([["Kept"], "saved", null]);
  });

  it("is saved at once when the page is left", async () => {
    saver.change({ name: "Last" });
    saver.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.saves).toEqual(["Last"]);
  });
});

describe("a conflict", () => {
  beforeEach(async () => {
    server.rename("Theirs");
    saver.change({ name: "Mine" });
    await rest();
  });

  it("saves nothing, and keeps what stands here, until somebody decides", async () => {
    expect(saver.shown()).toMatchObject({ draft: { name: "Mine" }, state: "conflict" });
    saver.change({ name: "Mine, too" });
    await rest();
    expect([server.saves, server.name, saver.shown().state]).toEqual([[], "Theirs", "conflict"]);
  });

  it("can be decided for what the other one saved", async () => {
    await saver.decide("theirs");
    expect(saver.shown()).toMatchObject({ draft: { name: "Theirs" }, state: "saved", error: null });
    expect(server.saves).toEqual([]);
  });

  it("can be decided for what stands here", async () => {
    await saver.decide("mine");
    expect([server.name, saver.shown().state]).toEqual(["Mine", "saved"]);
  });
});

describe("what is learned of the server", () => {
  it("is taken over where nothing waits, and only if it is newer", () => {
    const old = server.kept();
    server.rename("Newer");
    saver.adopt(server.kept());
    expect(saver.shown().draft.name).toBe("Newer");
    saver.adopt(old);
    expect(saver.shown().draft.name).toBe("Newer");
  });

  it("does not touch what is still to be saved", () => {
    saver.change({ name: "Mine" });
    server.rename("Theirs");
    saver.adopt(server.kept());
    expect(saver.shown().draft.name).toBe("Mine");
  });
});
