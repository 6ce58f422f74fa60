import type uPlot from "uplot";
import { inkOf, type PlotInput, token } from "./plotInput";

/** The share of a bucket's width that its bars take. */
const BARS_SHARE = 0.72;
const DASH = [4, 4];

/** The way to the bucket that is not over yet: dashed, because its value still grows. */
export function drawUnfinished(plot: uPlot, { host, series, buckets, unfinished }: PlotInput) {
  const last = buckets.starts.length - 1;
  if (!unfinished || last < 1) return;
  const { ctx } = plot;
  series.forEach((one, index) => {
    const [from, to] = [one.values[last - 1] ?? null, one.values[last] ?? null];
    if (from === null || to === null) return;
    ctx.save();
    ctx.strokeStyle = inkOf(host, one, index);
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.setLineDash(DASH.map((length) => length * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(plot.valToPos(last - 1, "x", true), plot.valToPos(from, "y", true));
    ctx.lineTo(plot.valToPos(last, "x", true), plot.valToPos(to, "y", true));
    ctx.stroke();
    ctx.restore();
  });
}

/**
 * The bars of a bucket side by side; those of a bucket that is not over yet are pale with a dashed edge. The time before is a
 * line across each bar.
 */
export function drawBars(plot: uPlot, { host, series, buckets, unfinished }: PlotInput) {
  const { ctx } = plot;
  const count = buckets.starts.length;
  const bucketWidth = plot.bbox.width / count;
  const barWidth = Math.max(1, (bucketWidth * BARS_SHARE) / Math.max(1, series.length));
  const floor = plot.valToPos(0, "y", true);
  ctx.save();
  series.forEach((one, place) => {
    const ink = inkOf(host, one, place);
    const shift = (place - series.length / 2) * barWidth;
    one.values.forEach((value, index) => {
      if (value === null || value === 0) return;
      const left = plot.valToPos(index, "x", true) + shift;
      const top = plot.valToPos(value, "y", true);
      const gap = barWidth > 4 ? devicePixelRatio : 0;
      const box = [left, top, barWidth - gap, floor - top] as const;
      const pale = unfinished && index === count - 1;
      ctx.fillStyle = pale ? `${ink}38` : ink;
      ctx.fillRect(...box);
      if (pale) outline(ctx, ink, box);
    });
    one.previous?.forEach((value, index) => {
      if (value === null) return;
      const left = plot.valToPos(index, "x", true) + shift;
      ctx.fillStyle = token(host, "--text-2");
      ctx.fillRect(left, plot.valToPos(value, "y", true) - devicePixelRatio, barWidth - (barWidth > 4 ? devicePixelRatio : 0), 2 * devicePixelRatio);
    });
  });
  ctx.restore();
}

function outline(ctx: CanvasRenderingContext2D, ink: string, [left, top, width, height]: readonly [number, number, number, number]) {
  ctx.strokeStyle = ink;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(DASH.map((length) => (length * devicePixelRatio) / 1.5));
  const half = devicePixelRatio / 2;
  ctx.strokeRect(left + half, top + half, Math.max(0, width - 2 * half), Math.max(0, height - half));
}
