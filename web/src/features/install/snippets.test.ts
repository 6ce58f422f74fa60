import { expect, it } from "vitest";
import { blocksSecurePages, snippet, WAYS } from "./snippets";

it.each(WAYS)("the code for %s has this installation's address and the project's key", (way) => {
  const { code } = snippet(way, "https://observe.example", "obs_pub_k");
  expect(code).toContain("https://observe.example");
  expect(code).toContain("obs_pub_k");
});

it.each([
  ["http://observe.example:8080", true],
  ["https://observe.example", false],
  ["http://localhost:8080", false],
  ["http://127.0.0.1:8080", false],
  ["http://[::1]:8080", false],
])("pages on https cannot send to %s: %s", (host, blocked) => {
  expect(blocksSecurePages(host)).toBe(blocked);
});
