import { expect, test } from "vitest";
import { localPath } from "@/features/auth/localPath";

test("after signing in one lands on this site only", () => {
  expect(localPath("/p/1/live?range=7d")).toBe("/p/1/live?range=7d");
  for (const elsewhere of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/sign-in?next=/"]) {
    expect(localPath(elsewhere)).toBe("/");
  }
});
