import { expect, test } from "vitest";
import { parseOrigins } from "@/features/settings/origins";

test("origins are read the way people type them", () => {
  expect(parseOrigins(" https://a.example/\nhttps://b.example, https://a.example\n\n")).toEqual(["https://a.example", "https://b.example"]);
  expect(parseOrigins("  ")).toEqual([]);
});
