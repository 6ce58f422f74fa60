import { describe, expect, it } from "vitest";
import { resolveRange } from "@/components/query/range";
import { effectiveInterval, offeredIntervals } from "./interval";
import { closestName } from "./suggest";
import { violationsAt, violationsElsewhere, wrongConditions } from "./violations";

const NOW = Date.UTC(2026, 4, 31, 10);

describe("intervals", () => {
  const range = (text: "24h" | "7d" | "90d") => resolveRange({ kind: "preset", preset: text }, "UTC", NOW);

  it("follow the length of the range", () => {
    expect(effectiveInterval("auto", range("24h"))).toBe("hour");
    expect(effectiveInterval("auto", range("90d"))).toBe("day");
    const years = resolveRange({ kind: "custom", from: "2020-01-01", to: "2026-01-01" }, "UTC", NOW);
    expect(effectiveInterval("auto", years)).toBe("month");
  });

  it("are offered where they give a picture", () => {
    expect(offeredIntervals(range("24h"))).toEqual(["hour"]);
    expect(offeredIntervals(range("7d"))).toEqual(["hour", "day"]);
    expect(offeredIntervals({ start: 0, end: NOW })).toEqual(["month"]);
  });

  it("fall back when the chosen one makes no sense", () => {
    expect(effectiveInterval("month", range("7d"))).toBe("day");
  });
});

describe("a name nobody heard of", () => {
  it("is compared without case and separators, and with slips", () => {
    expect(closestName("sign_up", ["purchase", "Sign Up"])).toBe("Sign Up");
    expect(closestName("chekout", ["checkout", "logout"])).toBe("checkout");
  });

  it("is left alone when nothing is close", () => {
    expect(closestName("invoice paid", ["signup", "$pageview"])).toBeNull();
    expect(closestName("a", [])).toBeNull();
  });
});

describe("violations", () => {
  const fields = { "series[0].math": "A.", "series[1].filter.conditions[0].values": "B.", "series[10]": "C.", range: "D." };

  it("stand at the part of the builder they belong to", () => {
    expect(violationsAt(fields, "series[0]")).toEqual(["A."]);
    expect(violationsAt(fields, "series[1].filter")).toEqual(["B."]);
  });

  it("find the conditions that are wrong", () => {
    expect(wrongConditions(fields, "series[1].filter", 3)).toEqual([0]);
  });

  it("stand elsewhere when no part shows them", () => {
    expect(violationsElsewhere(fields, ["series[0]", "series[1]", "series[10]"])).toEqual(["range: D."]);
  });
});
