/** How far lines are indented at most; hostile text can nest deeply. */
const INDENT_MAX = 40;

/** What cannot be seen or changes the order of other letters: controls but for tabs and ends of lines, marks of direction, joiners. */
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Text whose every character shows: those that cannot be seen are written as in JSON. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export interface Payload {
  /** Ready to be shown, as text. */
  text: string;
  isJson: boolean;
}

/**
 * Text that somebody sent, laid out if it is whole JSON. Only the white space between values is changed: numbers keep all of
 * their digits and repeated keys stay, since it may be these that were refused.
 */
export function payloadOf(sent: string): Payload {
  const isJson = isWholeJson(sent);
  return { text: visible(isJson ? laidOut(sent) : sent), isJson };
}

function isWholeJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Puts each value of whole JSON on a line of its own; what is empty stays in one line. */
function laidOut(json: string): string {
  const out: string[] = [];
  let depth = 0;
  let opened = false;
  const line = () => `\n${"  ".repeat(Math.min(depth, INDENT_MAX))}`;
  // A string with its escapes, one of the signs, or whatever stands between them.
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    if (closes ? !opened : opened) out.push(line());
    opened = token === "{" || token === "[";
    if (opened) depth += 1;
    out.push(token === ":" ? ": " : token);
    if (token === ",") out.push(line());
  }
  return out.join("");
}
