/** Which names a search finds: those that begin with it, then those with a word that does, then those that hold it. */
export function matching<T extends { name: string }>(names: readonly T[], search: string): T[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return [...names];
  const found: T[][] = [[], [], []];
  for (const one of names) {
    const at = one.name.toLowerCase().indexOf(wanted);
    if (at < 0) continue;
    const before = one.name.charAt(at - 1);
    const rank = at === 0 ? 0 : /[^\p{L}\p{N}]/u.test(before) ? 1 : 2;
    found[rank]?.push(one);
  }
  return found.flat();
}
