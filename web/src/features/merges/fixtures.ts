import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { Merge_Cause as Cause, PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import type { MergeSchema, RefusedMergeSchema } from "@/gen/observe/identity/v1/person_service_pb";
import { PersonActivityService } from "@/gen/observe/reports/v1/person_activity_service_pb";
import { madeEvents } from "@/features/people/fixtureActivity";
import { findPerson, LONG_ID, people } from "@/features/people/fixtureStore";
import type { MadePerson } from "@/features/people/fixtureStore";
import { fail } from "@/fixtures/identity";
import { GROUP_CODES, MERGE_CODES } from "./mergeReasons";

const MIN_MS = 60_000;
const ago = (ms: number) => timestampFromMs(Date.now() - ms);
const uuid = (n: number) => `0198c5a2-2222-7000-8000-${n.toString(16).padStart(12, "0")}`;
type MadeMerge = MessageInitShape<typeof MergeSchema>;

function mergesOf({ id, distinctIds }: MadePerson): MadeMerge[] {
  const base = { targetPersonId: id, canSplit: true, splitTrouble: "" };
  return [
    { ...base, id: uuid(1), cause: Cause.MERGE_PERSONS, sourcePersonId: uuid(11), movedDistinctIds: distinctIds.slice(2), movedCount: Math.max(distinctIds.length - 2, 1), createdTime: ago(3 * MIN_MS) },
    { ...base, id: uuid(2), cause: Cause.IDENTIFY, sourcePersonId: uuid(12), movedDistinctIds: distinctIds.slice(0, 1), movedCount: 1, createdTime: ago(190 * MIN_MS), canSplit: false, splitTrouble: "it was made before merges could be undone" },
    { ...base, id: uuid(3), cause: Cause.ALIAS, sourcePersonId: uuid(13), movedDistinctIds: [LONG_ID], movedCount: 31, createdTime: ago(9 * 24 * 60 * MIN_MS) },
    { ...base, id: uuid(4), cause: Cause.MERGE_DANGEROUSLY, sourcePersonId: uuid(14), movedDistinctIds: ["old-account-7"], movedCount: 1, createdTime: ago(12 * 24 * 60 * MIN_MS), undoneTime: ago(11 * 24 * 60 * MIN_MS), canSplit: false },
  ];
}

function refused(n: number): MessageInitShape<typeof RefusedMergeSchema> {
  const code = n === 7 ? "something_new" : MERGE_CODES[n % MERGE_CODES.length]!;
  const isGroup = GROUP_CODES.includes(code);
  const source = isGroup ? "company acme" : code === "illegal_id" ? ["undefined", "null", "guest", ""][n % 4]! : n === 4 ? LONG_ID : `0198c5a2-77f0-7d31-9c01-${n.toString(16).padStart(12, "0")}`;
  return {
    eventUuid: uuid(100 + n),
    cause: isGroup ? Cause.UNSPECIFIED : code === "secret_key_needed" ? Cause.MERGE_DANGEROUSLY : n % 3 ? Cause.IDENTIFY : Cause.ALIAS,
    sourceDistinctId: source,
    targetDistinctId: n === 6 ? `<img src=x onerror="alert(1)">\u202e${LONG_ID}`.slice(0, 200) : `user-${(n % 9) + 1}`,
    code,
    message: `the merge was refused (${code}); this is what the server says about it`,
    createdTime: ago(n * 47 * MIN_MS + 20_000),
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const isEmpty = ["empty", "well", "waiting"].includes(variant);
  const merges = new Map<string, MadeMerge[]>();
  const of = (person: MadePerson) => merges.get(person.id) ?? merges.set(person.id, isEmpty ? [] : mergesOf(person)).get(person.id)!;
  const refusals = isEmpty ? [] : Array.from({ length: variant === "one" ? 1 : 130 }, (_, n) => refused(n));
  router.rpc(PersonService.method.listMerges, ({ personId }) => {
    const person = people.find((one) => one.id === personId);
    if (!person) throw fail(Code.NotFound, "no such person", "NOT_FOUND");
    return { merges: of(person) };
  });
  router.rpc(PersonService.method.splitPerson, ({ mergeId }) => {
    const found = [...merges.values()].flat().find((merge) => merge.id === mergeId);
    if (!found) throw fail(Code.NotFound, "no such merge", "NOT_FOUND");
    if (variant === "refused") throw fail(Code.FailedPrecondition, "more than 64 MiB of properties were said of the person", "SPLIT_REFUSED");
    Object.assign(found, { undoneTime: ago(0), canSplit: false });
    return { persons: [] };
  });
  router.rpc(PersonService.method.mergePersons, ({ sourcePersonId, targetPersonId, sourceDistinctId }) => {
    if (variant === "refused") throw fail(Code.FailedPrecondition, "the two have more than 1,000 distinct ids together", "MERGE_REFUSED");
    const [source, target] = pair(sourcePersonId, targetPersonId, sourceDistinctId);
    const merge = { id: uuid(900 + people.length), cause: Cause.MERGE_PERSONS, sourcePersonId: source.id, targetPersonId: target.id, movedDistinctIds: source.distinctIds, movedCount: source.distinctIds.length, createdTime: ago(0), canSplit: true };
    of(target).unshift(merge);
    Object.assign(target, { distinctIds: [...target.distinctIds, ...source.distinctIds], properties: { ...source.properties, ...target.properties }, identified: true });
    if (people.includes(source)) people.splice(people.indexOf(source), 1);
    return { mergeId: merge.id, person: target };
  });
  router.rpc(PersonService.method.listRefusedMerges, ({ personId, pageToken, pageSize }) => {
    if (variant === "error") throw fail(Code.Unavailable, "identity is away", "DEPENDENCY_UNAVAILABLE");
    const person = people.find((one) => one.id === personId);
    const found = personId ? refusals.filter(({ sourceDistinctId, targetDistinctId }) => person?.distinctIds.some((id) => id === sourceDistinctId || id === targetDistinctId)).slice(0, 4) : refusals;
    const from = Number(pageToken || 0);
    const size = pageSize || 50;
    const countsLastDay: Record<string, bigint> = isEmpty ? {} : { already_identified: 214n, illegal_id: 31n, secret_key_needed: 2n, too_many_ids: 1n, illegal_group: 7n, something_new: 4n };
    return { refusedMerges: found.slice(from, from + size), nextPageToken: from + size < found.length ? String(from + size) : "", countsLastDay, parkedCount: ["parked", "many"].includes(variant) ? 3n : 0n };
  });
  router.rpc(PersonActivityService.method.previewMerge, ({ sourcePersonId, targetPersonId, sourceDistinctId }) => {
    const [source, target] = pair(sourcePersonId, targetPersonId, sourceDistinctId);
    const activity = (person: MadePerson) => {
      const events = madeEvents(person, variant);
      return { person, eventCount: BigInt(events.length), firstEventTime: events.at(-1)?.time, lastEventTime: events[0]?.time };
    };
    const conflictingKeys = Object.keys(source.properties).filter((key) => key in target.properties && JSON.stringify(source.properties[key]) !== JSON.stringify(target.properties[key]));
    return {
      source: activity(source),
      target: activity(target),
      merged: { ...target, distinctIds: [...target.distinctIds, ...source.distinctIds], properties: { ...source.properties, ...target.properties }, identified: true },
      conflictingKeys,
      trouble: variant === "refused" ? "Together they have 1,203 distinct ids, and a person may have at most 1,000." : "",
    };
  });
}

function pair(sourceId: string, targetId: string, sourceDistinctId: string): [MadePerson, MadePerson] {
  const source = findPerson(sourceDistinctId ? { case: "distinctId", value: sourceDistinctId } : { case: "personId", value: sourceId });
  const target = findPerson({ case: "personId", value: targetId });
  if (!source || !target) throw fail(Code.NotFound, "no such person", "NOT_FOUND");
  return [source, target];
}
