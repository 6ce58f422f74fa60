import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { fail } from "@/fixtures/identity";

/** How many persons the made-up project has. */
const PERSONS = 230;
const NAMES = ["Ada Byron", "Charles Babbage", "Mary Somerville", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov"];

function person(n: number) {
  const name = NAMES[n % NAMES.length]!;
  const isNamed = n % 4 !== 3;
  const properties = {
    ...(isNamed ? { name: n === 9 ? '<b onclick="alert(1)">Mallory</b> with a name that does not want to end, not now, not ever, and not in this column' : `${name}${n < 8 ? "" : ` ${n}`}` } : {}),
    ...(n % 5 === 4 ? {} : { email: `${name.split(" ")[0]!.toLowerCase()}${n}@example.com` }),
    plan: ["free", "pro", "team"][n % 3]!,
    seats: n % 17,
    trial: n % 2 === 0,
    company: { name: "Analytical Engines", size: 12 },
  };
  return {
    id: `0198c5a2-1111-7000-8000-0000000001${String(n % 100).padStart(2, "0")}`.replace("1111", String(1111 + n)),
    distinctIds: [`0198c5a2-77f0-7d31-9c01-${n.toString(16).padStart(12, "0")}`, `user-${n + 1}`, ...(n % 6 === 0 ? Array.from({ length: 12 }, (_, i) => `device-${n}-${i}`) : [])],
    properties: n % 11 === 7 ? {} : properties,
    createdTime: timestampFromMs(Date.now() - n * 5_400_000 - 60_000),
    identified: n % 9 !== 5,
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const persons = variant === "empty" ? [] : Array.from({ length: PERSONS }, (_, n) => person(n));
  router.rpc(PersonService.method.listPersons, (request) => {
    if (variant === "error") throw fail(Code.Unavailable, "identity is away", "DEPENDENCY_UNAVAILABLE");
    const wanted = request.search.toLowerCase();
    const found = persons.filter(
      (one) => one.distinctIds.some((id) => id.startsWith(request.search)) || JSON.stringify(Object.values(one.properties)).toLowerCase().includes(wanted),
    );
    const from = Number(request.pageToken || 0);
    const size = request.pageSize || 50;
    return { persons: found.slice(from, from + size), nextPageToken: from + size < found.length ? String(from + size) : "" };
  });
  router.rpc(PersonService.method.getPerson, (request) => {
    const { id } = request;
    if (id.case === "personId") {
      const found = persons.find((one) => one.id === id.value);
      if (!found) throw fail(Code.NotFound, "no such person", "NOT_FOUND");
      return { person: found };
    }
    const distinctId = id.value ?? "";
    const found = persons.find((one) => one.distinctIds.includes(distinctId));
    return { person: found ?? { id: "5a0c1c0e-0000-5000-8000-000000000000", distinctIds: [distinctId], properties: {}, identified: false } };
  });
}
