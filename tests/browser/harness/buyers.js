const MINUTE_MS = 60_000;
const STEPS = [["viewed", 20], ["chosen", 10], ["bought", 4]];

/**
 * An hour ago, of 20 visitors all look, 10 choose, and 4 buy: 34 events, each step five minutes after the one before. Every
 * second visitor is in another country.
 */
export function buyers(steps = STEPS) {
  const start = Date.now() - 60 * MINUTE_MS;
  return steps.flatMap(([name, count], step) =>
    Array.from({ length: count }, (_, visitor) => ({
      name,
      anonymous_id: `visitor-${visitor}`,
      timestamp: new Date(start + step * 5 * MINUTE_MS + visitor * 1_000).toISOString(),
      properties: { country: visitor % 2 === 0 ? "NZ" : "IS" },
    })),
  );
}

/** The same, and two of those who bought buy again: 36 events. */
export function buyersTwice() {
  return buyers([...STEPS, ["bought", 2]]);
}
