import { expect, test } from "vitest";
import { highlight } from "@/components/highlight";

test("highlighting never changes the code", () => {
  const code = `curl -X POST https://example.com/v1/events \\\n  -d '{"n": 1}' # sends\n<script src="/observe.js"></script>`;
  for (const language of ["shell", "html", "javascript", "json", "python", "rust", "go", "text"] as const) {
    expect(highlight(code, language).map((token) => token.text).join("")).toBe(code);
  }
});

test("an address is no comment", () => {
  const kinds = highlight("const url = https://example.com; // there", "javascript").filter((token) => token.kind === "comment");
  expect(kinds).toEqual([{ kind: "comment", text: "// there" }]);
});
