import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ExportFile, FileTooLarge } from "./exportFile";
import { bytesText, countText, failureText, fileName, progressText, shareDone } from "./exportView";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (file: ExportFile) => new Blob(file.parts()).text();

describe("a file", () => {
  it("is its pieces in order, also when it is read before the last one and pieces are windows that change", async () => {
    const file = new ExportFile();
    const window = bytes("abcdef");
    file.add(window.subarray(0, 3));
    file.parts();
    file.add(window.subarray(3));
    window.fill(0);
    file.add(new Uint8Array());
    expect(await read(file)).toBe("abcdef");
    expect(file.bytes).toBe(6);
  });

  it("of many megabytes is joined on the way and stays the same", async () => {
    const file = new ExportFile();
    const piece = new Uint8Array(9 * 2 ** 20);
    for (const n of [1, 2, 3, 4, 5]) file.add(piece.fill(n));
    const whole = new Uint8Array(await new Blob(file.parts()).arrayBuffer());
    expect(file.parts()).toHaveLength(3);
    expect([0, 1, 2, 3, 4].map((n) => whole[n * piece.length])).toEqual([1, 2, 3, 4, 5]);
  });

  it("does not grow beyond what a browser should hold", () => {
    const file = new ExportFile(4);
    file.add(bytes("abcd"));
    expect(() => file.add(bytes("e"))).toThrow(FileTooLarge);
  });

  it("is called after its project, without anything that a file system minds", () => {
    const now = new Date("2026-03-01T23:30:00Z");
    expect(fileName("Shop / “Berlin”", "events", "parquet", now)).toBe("shop-berlin-events-2026-03-01.parquet");
    expect(fileName("商店", "persons", "ndjson", now)).toBe("persons-2026-03-01.ndjson");
    expect(fileName("x".repeat(200), "events", "ndjson", now).length).toBeLessThan(80);
  });
});

describe("progress", () => {
  it("tells how much of about how much, and not of an estimate that was too low", () => {
    expect(progressText("events", { rows: 0, estimated: 9, bytes: 0 })).toBe("Asking for the first rows");
    expect(progressText("events", { rows: 1_200, estimated: 4_800, bytes: 3_250_585 })).toBe("1,200 of about 4,800 events, 3.1\u202fMiB");
    expect(progressText("events", { rows: 1_200, estimated: 4_800, bytes: 0 })).toBe("1,200 of about 4,800 events");
    expect(progressText("persons", { rows: 1, estimated: 0, bytes: 512 })).toBe("1 person, 512 bytes");
    expect(countText("persons", 2)).toBe("2 people");
    expect(bytesText(2 ** 40)).toBe("1024.0\u202fGiB");
  });

  it("is never whole before the end, and unknown without an estimate", () => {
    expect(shareDone({ rows: 1, estimated: 4, bytes: 0 })).toBe(0.25);
    expect(shareDone({ rows: 9, estimated: 4, bytes: 0 })).toBe(0.99);
    expect(shareDone({ rows: 9, estimated: 0, bytes: 0 })).toBeUndefined();
  });
});

describe("a failure says how to go on", () => {
  it.each([
    [new ConnectError("2 exports run", Code.ResourceExhausted), /Wait until one has ended/],
    [new ConnectError("away", Code.Unavailable), /broke off, and nothing was saved.*Begin again/],
    [new ConnectError("the export was broken off", Code.Aborted), /Begin again/],
    [new TypeError("Failed to fetch"), /Begin again/],
    [new ConnectError("no", Code.PermissionDenied), /Ask an owner or admin/],
    [new FileTooLarge(), /shorter range, or use the command line/],
  ])("%#", (thrown, text) => {
    expect(failureText(thrown)).toMatch(text);
  });
});
