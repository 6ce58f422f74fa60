import uPlot from "uplot";
import { timeTicks } from "./axis";
import { drawBars, drawUnfinished } from "./drawing";
import { inkOf, type PlotInput, token } from "./plotInput";
import { type ChartSeries, lonelyValues } from "./series";
import { spanAxis } from "./spanAxis";

/** How much room one name on the axis of time takes, in pixels. */
const TICK_ROOM = 76;
/** Half of a name, for the one below the last bucket, in pixels. */
const END_ROOM = 24;
const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** What uPlot draws: buckets stand side by side by their number, so that every calendar looks even. */
export function plotData({ buckets, series }: PlotInput): uPlot.AlignedData {
  const previous = series.flatMap((one) => (one.previous ? [[...one.previous]] : []));
  return [buckets.starts.map((_, index) => index), ...series.map(({ values }) => [...values]), ...previous];
}

/** How uPlot draws it. */
export function plotOptions(input: PlotInput): uPlot.Options {
  const { buckets, series, display, host } = input;
  const count = buckets.starts.length;
  const axis = spanAxis(...extent(series), input.whole);
  const names = axis.ticks.map(input.format);
  const valueRoom = Math.max(...names.map((name) => name.length)) * 6.5 + 12;
  const ticks = timeTicks(buckets, Math.floor((input.width - input.gutter - valueRoom) / TICK_ROOM));
  const side = display === "bars" || count === 1 ? 0.5 : 0;
  const axisInk = () => token(host, "--chart-axis");
  const common = { stroke: axisInk, font: FONT, ticks: { show: false }, border: { show: false } };
  return {
    width: input.width,
    height: input.height,
    padding: [10, Math.max(input.gutter, END_ROOM), 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: display === "bars" ? { show: false } : { size: 8 } },
    scales: { x: { time: false, range: [-side, count - 1 + side] }, y: { range: [axis.min, axis.max] } },
    axes: [
      {
        ...common,
        size: 28,
        gap: 8,
        grid: { show: false },
        splits: () => ticks.map(({ index }) => index),
        values: () => ticks.map(({ label }) => label),
      },
      {
        ...common,
        size: valueRoom,
        gap: 6,
        grid: { stroke: () => token(host, "--chart-grid"), width: 1 },
        splits: () => axis.ticks,
        values: () => names,
      },
    ],
    series: [
      {},
      ...series.map((one, index) => lineOf(input, one, index)),
      ...series.flatMap((one, index) => (one.previous ? [previousOf(input, one, index)] : [])),
    ],
    hooks: {
      ready: [input.onReady],
      draw: [display === "bars" ? (plot) => drawBars(plot, input) : (plot) => drawUnfinished(plot, input)],
      setCursor: [(plot) => input.onActive(plot.cursor.idx ?? null)],
    },
  };
}

/** The smallest and the largest value that are drawn, zero included. */
function extent(series: readonly ChartSeries[]): [least: number, most: number] {
  let [least, most] = [0, 0];
  for (const { values, previous = [] } of series) {
    for (const value of [...values, ...previous]) {
      least = Math.min(least, value ?? 0);
      most = Math.max(most, value ?? 0);
    }
  }
  return [least, most];
}

/** The time before: the same colour, thin and dashed, so that it stands back. */
function previousOf({ host, display }: PlotInput, one: ChartSeries, index: number): uPlot.Series {
  const linear = uPlot.paths.linear?.();
  return {
    stroke: () => `${inkOf(host, one, index)}a6`,
    width: 1.25,
    dash: [3, 4],
    points: { show: false },
    paths: (plot, seriesIndex, from, to) => (display === "bars" ? null : (linear?.(plot, seriesIndex, from, to) ?? null)),
  };
}

function lineOf({ host, display, unfinished, buckets, series }: PlotInput, one: ChartSeries, index: number): uPlot.Series {
  const last = buckets.starts.length - 1;
  const linear = uPlot.paths.linear?.();
  const lonely = lonelyValues(one.values);
  return {
    stroke: () => inkOf(host, one, index),
    fill: series.length === 1 ? () => `${inkOf(host, one, index)}14` : undefined,
    width: 2,
    points: { show: false, size: 7, fill: () => inkOf(host, one, index), filter: () => (display === "lines" ? lonely : []) },
    // The line ends where the last whole bucket does; what follows is dashed.
    paths: (plot, seriesIndex, from, to) =>
      display === "bars" ? null : (linear?.(plot, seriesIndex, from, unfinished ? Math.min(to, last - 1) : to) ?? null),
  };
}
