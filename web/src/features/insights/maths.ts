import { TrendsSeries_Math as WireMath } from "@/gen/observe/reports/v1/trends_pb";

/** How events become a value, in the order they are offered. */
export const MATHS = ["total", "unique", "weekly", "monthly", "sessions", "sum", "average", "minimum", "maximum", "median", "p90", "p95", "p99"] as const;
export type Math = (typeof MATHS)[number];

interface MathInfo {
  name: string;
  wire: WireMath;
  /** It is taken of the values of a property. */
  ofProperty?: true;
  /** What is counted; missing where values are not counts. */
  counts?: "events" | "persons" | "sessions";
}

export const MATH_INFO: Record<Math, MathInfo> = {
  total: { name: "Total events", wire: WireMath.TOTAL, counts: "events" },
  unique: { name: "Unique persons", wire: WireMath.UNIQUE_PERSONS, counts: "persons" },
  weekly: { name: "Weekly active persons", wire: WireMath.WEEKLY_ACTIVE, counts: "persons" },
  monthly: { name: "Monthly active persons", wire: WireMath.MONTHLY_ACTIVE, counts: "persons" },
  sessions: { name: "Unique sessions", wire: WireMath.UNIQUE_SESSIONS, counts: "sessions" },
  sum: { name: "Sum of", wire: WireMath.SUM, ofProperty: true },
  average: { name: "Average of", wire: WireMath.AVERAGE, ofProperty: true },
  minimum: { name: "Minimum of", wire: WireMath.MINIMUM, ofProperty: true },
  maximum: { name: "Maximum of", wire: WireMath.MAXIMUM, ofProperty: true },
  median: { name: "Median of", wire: WireMath.MEDIAN, ofProperty: true },
  p90: { name: "90th percentile of", wire: WireMath.P90, ofProperty: true },
  p95: { name: "95th percentile of", wire: WireMath.P95, ofProperty: true },
  p99: { name: "99th percentile of", wire: WireMath.P99, ofProperty: true },
};

/** The math of a number on the wire. */
export function mathOf(wire: WireMath | undefined): Math {
  return MATHS.find((math) => MATH_INFO[math].wire === wire) ?? "total";
}

/** What a number is a number of. */
export interface Unit {
  one: string;
  many: string;
}

const PERSONS: Unit = { one: "person", many: "persons" };
const GROUPS: Unit = { one: "group", many: "groups" };
const UNITS = { events: { one: "event", many: "events" }, persons: PERSONS, sessions: { one: "session", many: "sessions" } };

/** Who is counted: persons, or groups of a type. */
export function unitOf(groupType: string | undefined): Unit {
  return groupType ? GROUPS : PERSONS;
}

/** What a series counts; `null` where its values are not counts. */
export function unitOfMath(math: Math, groupType: string | undefined): Unit | null {
  const { counts } = MATH_INFO[math];
  if (!counts) return null;
  return counts === "persons" ? unitOf(groupType) : UNITS[counts];
}

/** The word for so many. */
export function word(count: number, unit: Unit): string {
  return count === 1 ? unit.one : unit.many;
}
