/** The languages that code blocks know. */
export type Language = "html" | "javascript" | "shell" | "json" | "text" | "python" | "rust" | "go";

export interface Token {
  kind: "plain" | "string" | "comment" | "keyword" | "number";
  text: string;
}

const STRING = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|` + "`(?:[^`\\\\]|\\\\.)*`";
const NUMBER = String.raw`\b\d+(?:\.\d+)?\b`;
const HASH_COMMENT = String.raw`(?<=^|\s)#[^\n]*`;
const SLASH_COMMENT = String.raw`(?<=^|\s)\/\/[^\n]*`;

/** For each language: comments, keywords. Strings and numbers are alike in all of them. */
const RULES: Record<Exclude<Language, "text">, { comment: string; keyword: string }> = {
  html: { comment: String.raw`<!--[\s\S]*?-->|${SLASH_COMMENT}`, keyword: String.raw`<\/?[a-z][\w-]*|\/?>` },
  javascript: {
    comment: SLASH_COMMENT,
    keyword: String.raw`\b(?:import|from|export|const|let|new|await|async|function|return|if|else|true|false|null)\b`,
  },
  json: { comment: String.raw`(?!)`, keyword: String.raw`\b(?:true|false|null)\b` },
  shell: { comment: HASH_COMMENT, keyword: String.raw`(?<=^|\n)(?:curl|npm|npx|observe|make|pip|docker|export)\b|(?<=\s)--?[A-Za-z][\w-]*` },
  python: { comment: HASH_COMMENT, keyword: String.raw`\b(?:import|from|as|def|return|with|for|in|if|else|True|False|None)\b` },
  rust: { comment: SLASH_COMMENT, keyword: String.raw`\b(?:use|let|fn|mut|pub|async|await|struct|impl|return|true|false)\b` },
  go: { comment: SLASH_COMMENT, keyword: String.raw`\b(?:package|import|func|var|return|defer|if|else|nil|true|false)\b` },
};

/** Cuts code into coloured pieces: enough for snippets of a few lines, not a parser. */
export function highlight(code: string, language: Language): Token[] {
  if (language === "text") return [{ kind: "plain", text: code }];
  const { comment, keyword } = RULES[language];
  const pattern = new RegExp(`(?<comment>${comment})|(?<string>${STRING})|(?<keyword>${keyword})|(?<number>${NUMBER})`, "gm");
  const tokens: Token[] = [];
  let end = 0;
  for (const match of code.matchAll(pattern)) {
    if (match.index > end) tokens.push({ kind: "plain", text: code.slice(end, match.index) });
    const groups = match.groups ?? {};
    const kind = groups.comment ? "comment" : groups.string ? "string" : groups.keyword ? "keyword" : "number";
    tokens.push({ kind, text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < code.length) tokens.push({ kind: "plain", text: code.slice(end) });
  return tokens;
}
