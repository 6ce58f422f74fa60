import type { WebVital } from "@/gen/observe/reports/v1/web_overview_pb";
import { latencyText } from "@/format/latency";

/** How good a measurement is, by the limits that web.dev gives: shape and word, so that colour never speaks alone. */
export interface Rating {
  tone: "ok" | "warn" | "bad";
  shape: string;
  word: string;
}

interface VitalInfo {
  /** What it measures, in plain words. */
  about: string;
  /** Good up to this, poor above the other: milliseconds, for CLS without a unit. */
  good: number;
  poor: number;
}

const VITALS: Record<string, VitalInfo> = {
  LCP: { about: "until the largest part is drawn", good: 2_500, poor: 4_000 },
  INP: { about: "until a click or key is answered", good: 200, poor: 500 },
  CLS: { about: "how much the page jumps", good: 0.1, poor: 0.25 },
  FCP: { about: "until something is drawn", good: 1_800, poor: 3_000 },
  TTFB: { about: "until the server answers", good: 800, poor: 1_800 },
};

const GOOD: Rating = { tone: "ok", shape: "✓", word: "good" };
const MIDDLE: Rating = { tone: "warn", shape: "◆", word: "to improve" };
const POOR: Rating = { tone: "bad", shape: "▲", word: "poor" };

/** How good the 75th percentile is; nothing for a vital that is not known. */
export function ratingOf({ name, p75 }: Pick<WebVital, "name" | "p75">): Rating | undefined {
  const info = VITALS[name];
  if (!info) return undefined;
  return p75 <= info.good ? GOOD : p75 <= info.poor ? MIDDLE : POOR;
}

export function vitalAbout(name: string): string {
  return VITALS[name]?.about ?? "";
}

/** The value with its unit; CLS has none. */
export function vitalText({ name, p75 }: Pick<WebVital, "name" | "p75">): string {
  return name === "CLS" ? String(Number(p75.toFixed(3))) : latencyText(p75);
}
