/** The path if it stays on this site, else the first page; an address from outside must not choose where one lands. */
export function localPath(next: string): string {
  return /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/";
}
