import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { findPerson, people } from "@/features/people/fixtureStore";
import { ErasedPartSchema, Erasure_State as State, ErasureSchema } from "@/gen/observe/identity/v1/erasure_pb";
import type { Erasure } from "@/gen/observe/identity/v1/erasure_pb";
import { ErasureService } from "@/gen/observe/identity/v1/erasure_service_pb";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { fail } from "@/fixtures/identity";
import { hashOf } from "./erasure";

const HOUR_MS = 3_600_000;
const ago = (ms: number) => timestampFromMs(Date.now() - ms);
/** How long a made-up service takes to confirm, in milliseconds. */
const CONFIRM_MS = 4_000;

const part = (service: string, ms: number, removed: Record<string, bigint>) => create(ErasedPartSchema, { service, confirmTime: ago(ms), removed });
const identity = (ms: number, ids: number) => part("identity", ms, { distinct_ids: BigInt(ids), properties: 7n, merges: 1n });
const events = (ms: number, count: number) => part("events", ms, { events: BigInt(count), log_rows: 14n, dead_letters: 0n, rejected_events: 1n, requests: 3n });
const reports = (ms: number, count: number) => part("reports", ms, { rows: BigInt(count) });

function erased(n: number): Erasure {
  const ms = (n + 1) * 31 * HOUR_MS;
  const count = n === 2 ? 1 : (n * 977) % 12_408;
  const ids = n % 5 === 1 ? 14 : 2;
  return create(ErasureSchema, {
    id: `0198c5a2-5555-7000-8000-${n.toString(16).padStart(12, "0")}`,
    personId: `0198c5a2-${4000 + n}-7000-8000-000000000001`,
    distinctIdCount: ids,
    distinctIdHashes: Array.from({ length: ids }, (_, at) => ((n * 31 + at * 7 + 5) % 256).toString(16).padStart(2, "0").repeat(32)),
    cutTime: ago(ms),
    state: n === 0 ? State.PENDING : State.DONE,
    parts: n === 0 ? [identity(ms, ids)] : [identity(ms, ids), events(ms - 2_000, count), reports(ms - 3_000, count)],
    actor: ["user 0198c5a2-0000-7000-8000-000000000001", "user u2", "key k2", "key gone"][n % 4]!,
    doneTime: n === 0 ? undefined : ago(ms - 3_000),
  });
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const made = variant === "empty" ? [] : Array.from({ length: 23 }, (_, n) => erased(n));
  router.rpc(ErasureService.method.getErasure, ({ erasureId }) => {
    const found = made.find(({ id }) => id === erasureId);
    if (!found) throw fail(Code.NotFound, "no such erasure", "NOT_FOUND");
    return { erasure: found };
  });
  router.rpc(ErasureService.method.listErasures, ({ pageToken, pageSize }) => {
    if (variant === "error") throw fail(Code.Unavailable, "identity is away", "DEPENDENCY_UNAVAILABLE");
    const from = Number(pageToken || 0);
    const page = made.slice(from, from + (pageSize || 50));
    const next = from + page.length;
    return { erasures: page, nextPageToken: next < made.length ? String(next) : "" };
  });
  router.rpc(PersonService.method.deletePerson, async ({ id }) => {
    const person = findPerson(id);
    if (!person) throw fail(Code.NotFound, "no such person", "NOT_FOUND");
    if (people.includes(person)) people.splice(people.indexOf(person), 1);
    const ids = person.distinctIds.length;
    const hashes = await Promise.all(person.distinctIds.map(hashOf));
    const erasure: Erasure = { ...erased(0), id: `0198c5a2-6666-7000-8000-${made.length.toString(16).padStart(12, "0")}`, personId: person.id, distinctIdCount: ids, distinctIdHashes: hashes.map(String), cutTime: ago(0), parts: [identity(0, ids)] };
    made.unshift(erasure);
    setTimeout(() => void (erasure.parts = [...erasure.parts, events(0, 130)]), CONFIRM_MS);
    setTimeout(() => Object.assign(erasure, { parts: [...erasure.parts, reports(0, 130)], state: State.DONE, doneTime: ago(0) }), CONFIRM_MS * 2);
    return { erasure };
  });
}
