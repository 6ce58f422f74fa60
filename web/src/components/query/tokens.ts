/**
 * Lists as text for addresses. Names are hostile, so whatever separates is escaped inside a part the way addresses do it.
 */

/** Escapes the percent sign and each of the separators. */
export function escapeToken(text: string, separators: string): string {
  return [...text]
    .map((char) =>
      char === "%" || separators.includes(char) ? `%${char.charCodeAt(0).toString(16).padStart(2, "0")}` : char,
    )
    .join("");
}

/** Takes back what `escapeToken` did; anything else that looks like an escape stays as it is. */
export function unescapeToken(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
