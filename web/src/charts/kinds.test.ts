import { describe, expect, it } from "vitest";
import { barsOf, columnTable, namedColumns } from "./columns";
import { changeText } from "./numbers";
import { pathsTable, placePaths } from "./paths";
import { highestShare, meanShares, retentionTable, type RetentionRow } from "./retention";
import { nearestSeries } from "./series";
import { spanAxis } from "./spanAxis";
import { timeSeriesTable, toCsv } from "./table";
import { nextIndex } from "./walk";

describe("an axis through zero", () => {
  it("has the same steps above and below, and reaches both ends", () => {
    expect(spanAxis(-210, 900, true)).toEqual({ min: -500, max: 1000, ticks: [-500, 0, 500, 1000] });
    expect(spanAxis(-3, 0, true)).toEqual({ min: -3, max: 0, ticks: [-3, -2, -1, 0] });
  });

  it("begins at zero where nothing is below it", () => {
    expect(spanAxis(0, 97, true)).toEqual({ min: 0, max: 100, ticks: [0, 50, 100] });
  });
});

describe("columns", () => {
  const layer = (id: string, values: number[], below = false) => ({ id, label: id, color: "red", values, below });

  it("stack away from zero, losses below it, and leave out nothing but zeros", () => {
    const bars = barsOf([layer("a", [3, 0]), layer("b", [2, 1]), layer("c", [4, 1], true)], 2, true);
    expect(bars.map(({ column, layer: place, from, to }) => [column, place, from, to])).toEqual([
      [0, 0, 0, 3],
      [0, 1, 3, 5],
      [0, 2, 0, -4],
      [1, 1, 0, 1],
      [1, 2, 0, -1],
    ]);
  });

  it("stand side by side otherwise", () => {
    expect(barsOf([layer("a", [3]), layer("b", [2])], 1, false).map(({ left, width }) => [left, width])).toEqual([[0, 0.5], [0.5, 0.5]]);
  });

  it("have their names where there is room, the last one always", () => {
    expect([namedColumns(5, 10), namedColumns(7, 3), namedColumns(0, 3)]).toEqual([[0, 1, 2, 3, 4], [0, 3, 6], []]);
  });

  it("read as a table", () => {
    expect(columnTable("Days", [{ name: "1 day", tick: "1" }], [layer("a", [3])])).toEqual({ columns: ["Days", "a"], rows: [{ name: "1 day", cells: [3] }] });
  });
});

describe("retention", () => {
  const row = (name: string, size: number, values: number[], complete: number): RetentionRow => ({ name, short: name, size, values, complete });
  const rows = [row("a", 10, [10, 5, 2], 3), row("b", 30, [30, 6], 1), row("c", 0, [0], 0)];

  it("means are weighted by persons, and leave out what may still grow", () => {
    expect(meanShares(rows, 4)).toEqual([1, 0.5, 0.2, null]);
  });

  it("the darkest cell is the largest share after the first column", () => {
    expect([highestShare(rows), highestShare([])]).toEqual([0.5, 0]);
  });

  it("as a file has counts and shares, and nothing where nothing is known", () => {
    const csv = toCsv(retentionTable(rows.slice(0, 2), ["Day 0", "Day 1", "Day 2"])).replaceAll("\u202f", " ");
    expect(csv.split("\r\n")[2]).toBe("b,30,30,100 %,6,20 %,,");
  });
});

describe("paths", () => {
  const nodes = [
    { value: "/", step: 1, paths: 10, droppedOff: 4 },
    { value: "/", step: 2, paths: 5, droppedOff: 5 },
    { value: "2 /a", step: 2, paths: 1, droppedOff: 1 },
  ];
  const link = (target: string, paths: number) => ({ source: "/", target, step: 1, paths, persons: paths, medianMs: 1_000 });

  it("have a column for each step, and the same place twice where it comes twice", () => {
    const { nodes: placed, links } = placePaths(nodes, [link("/", 5), link("2 /a", 1)], 800);
    expect(placed.map(({ step, value }) => [step, value])).toEqual([[1, "/"], [2, "/"], [2, "2 /a"]]);
    expect(new Set(placed.map(({ x0 }) => x0)).size).toBe(2);
    expect(links.map(({ from, to }) => [from.step, to.value])).toEqual([[1, "/"], [2, "2 /a"]].map(([, value]) => [1, value]));
    placed.forEach(({ y0, y1 }) => expect(y1).toBeGreaterThanOrEqual(y0));
  });

  it("leave out a way to a place that is not there, and draw nothing of a single step", () => {
    expect(placePaths(nodes, [link("/missing", 3)], 800).links).toEqual([]);
    expect(placePaths(nodes.slice(0, 1), [], 800).nodes).toEqual([]);
    expect(placePaths([], [], 800).nodes).toEqual([]);
  });

  it("read as a table, a row a way", () => {
    expect(pathsTable([link("/a", 3)]).rows).toEqual([{ name: "/", cells: [1, "/a", 3, 3, "1 s"] }]);
    expect(pathsTable([link("/a", 3)], 3).rows[0]?.cells[0]).toBe("2 steps before");
  });
});

describe("a chart over time", () => {
  it("has the time before as columns of its own", () => {
    const series = [{ id: "a", label: "a", values: [3], previous: [2] }, { id: "b", label: "b", values: [1] }];
    const table = timeSeriesTable({ starts: [0], length: "day", timeZone: "UTC" }, series);
    expect([table.columns.slice(1), table.rows[0]?.cells]).toEqual([["a", "a, the time before", "b"], [3, 2, 1]]);
  });

  it("knows which line was pointed at", () => {
    const series = [{ id: "a", label: "a", values: [10] }, { id: "b", label: "b", values: [null] }, { id: "c", label: "c", values: [4] }];
    expect([nearestSeries(series, 0, 9), nearestSeries(series, 0, 5)]).toEqual([0, 2]);
  });

  it("is walked with the keys, and never out of its ends", () => {
    expect(["ArrowLeft", "ArrowRight", "Home", "End", "Escape", "x"].map((key) => nextIndex(key, 0, 20))).toEqual([0, 1, 0, 19, null, undefined]);
    expect([nextIndex("ArrowLeft", null, 20), nextIndex("ArrowRight", null, 20), nextIndex("Escape", null, 20)]).toEqual([19, 0, undefined]);
  });

  it("says changes as a share, and small ones as none", () => {
    expect([0.1234, -0.5, 0.0001].map(changeText).map((text) => text.replaceAll("\u202f", " "))).toEqual(["▲ 12.3 %", "▼ 50 %", "no change"]);
  });
});
