import { describe, expect, it } from "vitest";
import { byName } from "./byName";

const ID = "0198c5a2-2222-7000-8000-0000000000e0";

describe("what is typed in the palette", () => {
  it("finds a page by its name and by each of its other words", () => {
    expect(byName("Settings", "sett", ["erasures", "deleted persons"])).toBeGreaterThan(0);
    for (const search of ["erasures", "deleted", "persons"]) expect(byName("Settings", search, ["erasures", "deleted persons"])).toBeGreaterThan(0.8);
  });

  it("finds nothing by letters picked from several words", () => {
    expect(byName("People", "onerror", ["persons", "users", "groups", "merge", "identify"])).toBe(0);
    expect(byName("Settings", "onerror", ["retention", "allowed origins", "alert channels", "erasures", "deleted persons"])).toBe(0);
  });

  it("does not look into the id behind a name", () => {
    expect(byName(`Shop ${ID}`, "shop")).toBeGreaterThan(0.8);
    expect(byName(`Shop ${ID}`, "2222")).toBe(0);
  });
});
