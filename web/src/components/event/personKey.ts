/**
 * The part of an address that names a person: a person id, or `~` and a distinct id. Distinct ids may hold anything, also
 * slashes and percent signs, which routers and proxies decode at will; so whatever is not a plain letter is written as a
 * dot and two hexadecimal digits for each of its bytes.
 */
export type PersonKey = { personId: string } | { distinctId: string };

export function encodePersonKey(key: PersonKey): string {
  if ("personId" in key) return encodeURIComponent(key.personId);
  const bytes = new TextEncoder().encode(key.distinctId);
  return `~${Array.from(bytes, (byte) => (isPlain(byte) ? String.fromCharCode(byte) : `.${byte.toString(16).padStart(2, "0")}`)).join("")}`;
}

/** Reads what `encodePersonKey` wrote; anything unreadable is taken as it stands. */
export function decodePersonKey(text: string): PersonKey {
  if (!text.startsWith("~")) return { personId: text };
  const rest = text.slice(1);
  const bytes: number[] = [];
  for (let at = 0; at < rest.length; at++) {
    const code = rest[at] === "." ? Number.parseInt(rest.slice(at + 1, at + 3), 16) : rest.charCodeAt(at);
    if (Number.isNaN(code) || code > 255) return { distinctId: rest };
    bytes.push(code);
    if (rest[at] === ".") at += 2;
  }
  return { distinctId: new TextDecoder().decode(new Uint8Array(bytes)) };
}

/** Letters, digits, `-` and `_`. */
function isPlain(byte: number): boolean {
  return (
    (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45 || byte === 95
  );
}
