/** The gateway's endpoint that turns a session token into an HttpOnly cookie, and takes the cookie away. */
const SESSION_PATH = "/session";

/** Hands the token to the browser's cookie jar; the page forgets it afterwards. */
export async function openSession(token: string): Promise<void> {
  const answer = await fetch(SESSION_PATH, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    credentials: "same-origin",
  });
  if (!answer.ok) throw new Error(`the session cookie was refused (${answer.status})`);
}

/** Takes the cookie away. The session itself is ended by the SignOut RPC before. */
export async function closeSession(): Promise<void> {
  await fetch(SESSION_PATH, { method: "DELETE", credentials: "same-origin" });
}
