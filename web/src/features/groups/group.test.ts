import { describe, expect, it } from "vitest";
import { decodePersonKey } from "@/components/event/personKey";
import { groupName, groupPath, groupSubject } from "./group";

const group = (properties: object, key = "acme") => ({ type: "company", key, properties: properties as never });

describe("a group", () => {
  it("is called by its name, else by its key", () => {
    expect(groupName(group({ name: " Acme " }))).toBe("Acme");
    expect(groupName(group({ name: 7, domain: "acme.example" }))).toBe("acme.example");
    expect(groupName(group({}))).toBe("acme");
  });

  it("is told by its first plain properties, without its name again", () => {
    expect(groupSubject(group({ name: "Acme", plan: "pro", address: { city: "London" }, seats: 8, note: null, trial: true, more: 1 }))).toBe("plan: pro · seats: 8 · trial: true");
    expect(groupSubject(group({ long: "x".repeat(500) })).length).toBeLessThan(60);
  });

  it("has an address that holds any type and key", () => {
    const path = groupPath({ type: "work space/eu", key: "a%2Fb?#..~ü" });
    const [, , type, key] = path.split("/");
    expect([decodePersonKey(type!), decodePersonKey(key!)]).toEqual([{ distinctId: "work space/eu" }, { distinctId: "a%2Fb?#..~ü" }]);
    expect(path).toMatch(/^people\/groups\/~[\w.-]+\/~[\w.-]+$/);
  });
});
