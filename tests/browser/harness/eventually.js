import { setTimeout as pause } from "node:timers/promises";

const BETWEEN_TRIES_MS = 50;

/**
 * Tries until `attempt` answers something truthy and returns that. At the deadline, throws with what was waited for and what the
 * last attempt said.
 */
export async function eventually(what, attempt, deadlineMs = 20_000) {
  const end = Date.now() + deadlineMs;
  let last;
  for (;;) {
    try {
      const answer = await attempt();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${deadlineMs} ms for ${what}; the last try said: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
    }
    await pause(BETWEEN_TRIES_MS);
  }
}
