/** The DSN by which a Sentry client sends to this installation: the write key as the user, the project's number as the path. */
export function sentryDsn(origin: string, writeKey: string, projectNumber: bigint): string {
  const { protocol, host } = new URL(origin);
  return `${protocol}//${writeKey}@${host}/${projectNumber}`;
}
