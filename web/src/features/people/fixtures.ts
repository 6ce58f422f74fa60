import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { valueText } from "@/components/event/event";
import { Condition_Operator as Operator, Filter_Conjunction as Conjunction } from "@/gen/observe/common/v1/filter_pb";
import type { Condition, Filter } from "@/gen/observe/common/v1/filter_pb";
import { ListPersonsRequest_Identified as Identified, PersonService, PropertyChange_Cause as Cause } from "@/gen/observe/identity/v1/person_service_pb";
import type { PropertyChangeSchema } from "@/gen/observe/identity/v1/person_service_pb";
import { fail } from "@/fixtures/identity";
import { fillPeople, findPerson, people } from "./fixtureStore";
import type { MadePerson } from "./fixtureStore";
import { addActivityFixtures } from "./fixtureActivity";

function holds(one: MadePerson, { property, operator, values }: Condition): boolean {
  const value = one.properties[property];
  const text = value === undefined || value === null ? undefined : valueText(value);
  switch (operator) {
    case Operator.IS_SET:
      return text !== undefined;
    case Operator.IS_NOT_SET:
      return text === undefined;
    case Operator.NOT_EQUALS:
      return text === undefined || !values.includes(text);
    case Operator.CONTAINS:
      return text !== undefined && values.some((wanted) => text.toLowerCase().includes(wanted.toLowerCase()));
    case Operator.MATCHES:
      if (values.includes("(")) throw fail(Code.InvalidArgument, "invalid request", "INVALID_REQUEST", { "filter.conditions[0].values": "is no regular expression: ( is never closed" });
      return text !== undefined && values.some((wanted) => new RegExp(wanted).test(text));
    case Operator.GREATER:
      return Number(text) > Number(values[0]);
    case Operator.LESS:
      return Number(text) < Number(values[0]);
    default:
      return text !== undefined && values.includes(text);
  }
}

function satisfies(one: MadePerson, filter: Filter | undefined): boolean {
  if (!filter || filter.conditions.length === 0) return true;
  const results = filter.conditions.map((condition) => holds(one, condition));
  return filter.conjunction === Conjunction.OR ? results.some(Boolean) : results.every(Boolean);
}

function changes(one: MadePerson, key: string): MessageInitShape<typeof PropertyChangeSchema>[] {
  const text = (value: string) => ({ kind: { case: "stringValue" as const, value } });
  const time = (n: number) => timestampFromMs(Date.now() - n * 3_700_000 - 400_000);
  const all = Object.entries(one.properties).flatMap(([name, value], n) => [
    { key: name, oldValue: name === "plan" ? text("free") : undefined, newValue: text(valueText(value)), cause: n === 1 ? Cause.MERGE : Cause.UPDATE, time: time(n), originId: `0198c5a2-0000-7000-8000-00000000${4000 + n}` },
    ...(name === "plan"
      ? [
          { key: name, oldValue: text("trial, with everything that comes with it for the first fourteen days, and then no more of it at all"), newValue: undefined, cause: Cause.SPLIT, time: time(n + 5), originId: "0198c5a2-0000-7000-8000-000000004900" },
          { key: name, newValue: text("trial, with everything that comes with it for the first fourteen days, and then no more of it at all"), cause: Cause.UPDATE, time: time(n + 9), originId: "0198c5a2-0000-7000-8000-000000004901" },
        ]
      : []),
  ]);
  return all.filter((change) => key === "" || change.key === key);
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  fillPeople(variant);
  addActivityFixtures(router, variant);
  router.rpc(PersonService.method.listPersons, (request) => {
    if (variant === "error") throw fail(Code.Unavailable, "identity is away", "DEPENDENCY_UNAVAILABLE");
    const wanted = request.search.toLowerCase();
    const found = people.filter(
      (one) =>
        (request.identified === Identified.UNSPECIFIED || one.identified === (request.identified === Identified.ONLY)) &&
        satisfies(one, request.filter) &&
        (one.distinctIds.some((id) => id.startsWith(request.search)) || JSON.stringify(Object.values(one.properties)).toLowerCase().includes(wanted)),
    );
    const from = Number(request.pageToken || 0);
    const size = request.pageSize || 50;
    return { persons: found.slice(from, from + size), nextPageToken: from + size < found.length ? String(from + size) : "" };
  });
  router.rpc(PersonService.method.getPerson, ({ id }) => {
    if (variant === "error") throw fail(Code.Unavailable, "identity is away", "DEPENDENCY_UNAVAILABLE");
    const found = findPerson(id);
    if (!found) throw fail(Code.NotFound, "no such person", "NOT_FOUND");
    return { person: found };
  });
  router.rpc(PersonService.method.listPropertyChanges, ({ personId, key }) => {
    const found = people.find((one) => one.id === personId);
    return { changes: found ? changes(found, key) : [] };
  });
}
