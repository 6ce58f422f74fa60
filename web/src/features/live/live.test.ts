import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Code, ConnectError } from "@connectrpc/connect";
import type { SeenEvent } from "@/components/event/event";
import { eventSubject, shortId } from "@/components/event/event";
import { decodePersonKey, encodePersonKey } from "@/components/event/personKey";
import { watchStream } from "@/api/watchStream";
import type { Connection, Watch } from "@/api/watchStream";
import { BACK_MAX, EventFeed, ROWS_MAX, WAITING_MAX } from "./feed";
import { withCondition } from "./liveFilter";

let clock = 1_000_000;
const event = (n: number): SeenEvent => ({ uuid: `u${n}`, name: "e", distinctId: "d", sessionId: "", time: new Date(n), properties: {} });
const events = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => event(from + index));

function feed() {
  const work: (() => void)[] = [];
  const made = new EventFeed((one) => work.push(one), () => clock);
  return { made, draws: work, draw: () => work.splice(0).forEach((one) => one()), rows: () => made.snapshot().rows.map((one) => one.uuid) };
}

describe("the feed", () => {
  it("shows the latest first, and draws once for all that came in between", () => {
    const { made, draws, draw, rows } = feed();
    made.receive([event(1), event(2)]);
    made.receive([event(3)]);
    expect([rows(), draws.length]).toEqual([[], 1]);
    draw();
    expect(rows()).toEqual(["u3", "u2", "u1"]);
  });

  it("shows what stream and page both have once", () => {
    const { made, draw, rows } = feed();
    made.receive([event(3), event(4)]);
    draw();
    made.fill([event(4), event(3), event(2), event(1)]);
    expect(rows()).toEqual(["u4", "u3", "u2", "u1"]);
    made.receive([event(2)]);
    draw();
    expect(rows()).toHaveLength(4);
  });

  it("never holds more rows than its bound, however many come", () => {
    const { made, draw, rows } = feed();
    for (let n = 0; n < 20; n++) made.receive(events(n * 1_000, n * 1_000 + 1_000));
    draw();
    expect(rows()).toHaveLength(ROWS_MAX);
    expect(rows()[0]).toBe("u19999");
  });

  it("keeps what comes while it is paused, up to a bound, and counts what fell out", () => {
    const { made, draw, rows } = feed();
    made.receive([event(0)]);
    draw();
    made.pause();
    made.receive(events(1, WAITING_MAX + 11), 5);
    draw();
    expect(rows()).toEqual(["u0"]);
    expect(made.snapshot()).toMatchObject({ paused: true, waiting: WAITING_MAX, dropped: 15 });
    made.resume();
    expect(rows()[0]).toBe(`u${WAITING_MAX + 10}`);
    expect(made.snapshot()).toMatchObject({ paused: false, waiting: 0 });
  });

  it("makes room for older events when somebody looks back, and keeps what comes meanwhile waiting", () => {
    const { made, draw, rows } = feed();
    const page = (from: number) => events(from - 100, from).reverse();
    made.fill(page(20_000));
    made.lookBack();
    for (let from = 19_900; from > 10_000; from -= 100) made.append(page(from));
    expect(rows()).toHaveLength(BACK_MAX);
    expect([rows()[0], rows()[100], rows().at(-1)]).toEqual(["u19999", "u19899", `u${20_000 - BACK_MAX}`]);
    made.receive([event(20_000)]);
    draw();
    expect(rows()[0]).toBe("u19999");
    expect(made.snapshot()).toMatchObject({ paused: true, isBack: true, waiting: 1, dropped: 0 });
  });

  it("shows what came while there was no stream, where its time belongs and without taking it for a burst", () => {
    const { made, draw, rows } = feed();
    made.fill([event(2), event(1)]);
    made.receive([event(5)]);
    made.catchUp([event(5), event(4), event(3), event(2), event(1)]);
    draw();
    expect(rows()).toEqual(["u5", "u4", "u3", "u2", "u1"]);
    expect(made.snapshot().rate).toBe(0.1);
  });

  it("keeps such events waiting while it is paused", () => {
    const { made, draw, rows } = feed();
    made.fill([event(1)]);
    made.pause();
    made.receive([event(4)]);
    made.catchUp([event(4), event(3), event(2), event(1)]);
    expect(rows()).toEqual(["u1"]);
    made.resume();
    draw();
    expect(rows()).toEqual(["u4", "u3", "u2", "u1"]);
  });

  it("tells the rate of the last ten seconds, and that it has ended", () => {
    const { made, draw } = feed();
    made.receive(events(0, 50));
    draw();
    expect(made.snapshot().rate).toBe(5);
    clock += 60_000;
    made.tick();
    draw();
    expect(made.snapshot().rate).toBe(0);
  });
});

describe("the stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watch(open: Watch<unknown>["open"]) {
    const seen: string[] = [];
    const abort = new AbortController();
    const onConnection = (connection: Connection) => seen.push(connection.state);
    const done = watchStream({ open, onMessage: () => seen.push("message"), onConnection, signal: abort.signal });
    return { seen, stop: () => abort.abort(), done };
  }

  it("is opened again when it breaks, later each time", async () => {
    const opened: number[] = [];
    const { seen, stop, done } = watch(async function* () {
      opened.push(Date.now());
      throw new ConnectError("away", Code.Unavailable);
    });
    await vi.advanceTimersByTimeAsync(60_000);
    stop();
    await done;
    const gaps = opened.slice(1).map((at, index) => at - opened[index]!);
    expect(seen.slice(0, 3)).toEqual(["connecting", "retrying", "retrying"]);
    expect(gaps[0]).toBeLessThanOrEqual(1_000);
    expect(gaps.at(-1)!).toBeGreaterThan(4_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
  });

  it("is given up when the answer would stay the same", async () => {
    const { seen, done } = watch(async function* () {
      throw new ConnectError("no", Code.PermissionDenied);
    });
    await done;
    expect(seen).toEqual(["connecting", "failed"]);
  });

  it("that says nothing for too long is dead", async () => {
    const { seen, stop, done } = watch(async function* (options) {
      options.onHeader?.(new Headers());
      await new Promise((_, reject) => options.signal!.addEventListener("abort", () => reject(new ConnectError("stopped", Code.Canceled))));
    });
    await vi.advanceTimersByTimeAsync(45_000);
    stop();
    await done;
    expect(seen.slice(0, 4)).toEqual(["connecting", "live", "retrying", "live"]);
  });
});

describe("an address of a person", () => {
  it.each(["usr_abc123", "ada@example.com", "a/b?c#d%2F.", "100%", "Ünïcode 😀", "<script>", ".", "~"])("holds %j", (distinctId) => {
    const key = encodePersonKey({ distinctId });
    expect(key).toMatch(/^~[\w.-]+$/);
    expect(decodePersonKey(key)).toEqual({ distinctId });
  });

  it("of a person id is that id", () => {
    expect(decodePersonKey(encodePersonKey({ personId: "0198c5a2-0000-7000-8000-000000000001" }))).toEqual({ personId: "0198c5a2-0000-7000-8000-000000000001" });
  });
});

it.each([
  [{ $pathname: "/cart", amount: 7, plan: "pro", nested: { a: 1 }, nothing: null, more: true, evenMore: 1 }, "amount: 7 · plan: pro · more: true · /cart"],
  [{ $set: { name: "Ada", plan: null }, $pathname: "/" }, "name: Ada · /"],
  [{ $set: "nonsense" }, ""],
  [{ $pathname: "x".repeat(99) }, `${"x".repeat(60)}…`],
])("an event is told in one line by its own properties and its page %#", (properties, line) => {
  expect(eventSubject({ ...event(1), properties })).toBe(line);
});

it.each([
  ["0198c5a2-77f0-7d31-9c01-00000000000a", "0198c5a2…00000a"],
  ["user-17", "user-17"],
])("the distinct id %s is shown as %s", (id, shown) => {
  expect(shortId(id)).toBe(shown);
});

it("a filter for a value is added once", () => {
  const once = withCondition({ match: "all", conditions: [] }, "plan", "pro");
  expect(withCondition(once, "plan", "pro")).toBe(once);
  expect(once.conditions).toEqual([{ property: "plan", scope: "event", operator: "is", values: ["pro"] }]);
});
