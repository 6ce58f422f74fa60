import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** A made-up person. */
export interface MadePerson {
  id: string;
  distinctIds: string[];
  properties: JsonObject;
  createdTime: Timestamp | undefined;
  identified: boolean;
}

/** How many persons the made-up project has. */
const PERSONS = 230;
const NAMES = ["Ada Byron", "Charles Babbage", "Mary Somerville", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov"];
const ENDLESS = "a name that does not want to end, not now, not ever, and not in this column, ";
export const LONG_ID = "an-id-of-two-hundred-characters-".repeat(7).slice(0, 200);

function person(n: number): MadePerson {
  const name = NAMES[n % NAMES.length]!;
  const isNamed = n % 4 !== 3;
  const properties: JsonObject = {
    ...(isNamed ? { name: n === 9 ? `<b onclick="alert(1)">Mallory</b> with ${ENDLESS.repeat(2)}`.slice(0, 200) : `${name}${n < 8 ? "" : ` ${n}`}` } : {}),
    ...(n % 5 === 4 ? {} : { email: `${name.split(" ")[0]!.toLowerCase()}${n}@example.com` }),
    plan: ["free", "pro", "team"][n % 3]!,
    seats: n % 17,
    trial: n % 2 === 0,
    company: { name: "Analytical Engines", size: 12 },
    $initial_referrer: "https://news.example/item?id=42",
    ...(n === 9 ? { [LONG_ID.replaceAll("-", "_")]: "x".repeat(700) } : {}),
  };
  return {
    id: `0198c5a2-${1111 + n}-7000-8000-0000000001${String(n % 100).padStart(2, "0")}`,
    distinctIds: [
      `0198c5a2-77f0-7d31-9c01-${n.toString(16).padStart(12, "0")}`,
      n === 9 ? LONG_ID : `user-${n + 1}`,
      ...(n % 6 === 0 ? Array.from({ length: 12 }, (_, i) => `device-${n}-${i}`) : []),
    ],
    properties: n % 11 === 7 ? {} : properties,
    createdTime: timestampFromMs(Date.now() - n * 5_400_000 - 60_000),
    identified: n % 9 !== 5,
  };
}

/** The made-up persons; calls change them until the tab is closed. */
export const people: MadePerson[] = [];

export function fillPeople(variant: string): void {
  people.length = 0;
  if (variant !== "empty") people.push(...Array.from({ length: PERSONS }, (_, n) => person(n)));
}

/** The person with an id, or with a distinct id; one that was never identified has no row. */
export function findPerson(id: { case: string | undefined; value?: unknown }): MadePerson | undefined {
  const value = String(id.value ?? "");
  if (id.case === "personId") return people.find((one) => one.id === value);
  return people.find((one) => one.distinctIds.includes(value)) ?? { id: "5a0c1c0e-0000-5000-8000-000000000000", distinctIds: [value], properties: {}, createdTime: undefined, identified: false };
}
