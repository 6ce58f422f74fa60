/** Where the names at the ends of lines stand. */

/**
 * Moves labels apart that would lie on each other, as little as possible and never out of the chart. Takes and answers
 * the middle of each label from the top, in pixels, in the order given.
 */
export function spreadLabels(middles: readonly number[], height: number, chartHeight: number): number[] {
  const order = middles.map((_, index) => index).sort((a, b) => (middles[a] ?? 0) - (middles[b] ?? 0));
  const placed = [...middles];
  let lowest = -Infinity;
  for (const index of order) {
    placed[index] = Math.max(placed[index] ?? 0, lowest + height, height / 2);
    lowest = placed[index];
  }
  let highest = chartHeight + height / 2;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index] ?? 0, highest - height);
    highest = placed[index];
  }
  return placed;
}
