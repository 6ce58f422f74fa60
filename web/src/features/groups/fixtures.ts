import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { LONG_ID } from "@/features/people/fixtureStore";
import { GroupService } from "@/gen/observe/identity/v1/group_service_pb";
import { fail } from "@/fixtures/identity";

const COMPANIES = ["Analytical Engines", "Difference & Sons", "Jacquard Looms", "Menabrea Translations"];
const COUNTS: Record<string, number> = { company: 130, "workspace/eu": 12, [LONG_ID]: 1 };

function group(type: string, n: number) {
  const name = COMPANIES[n % COMPANIES.length]!;
  const properties: JsonObject = n % 7 === 3 ? {} : { name: n < 4 ? name : `${name} ${n}`, plan: ["free", "pro", "team"][n % 3]!, seats: 5 + n * 3, domain: "engines.example", address: { city: "London" } };
  return {
    type,
    key: n === 5 ? LONG_ID : `<b>${type}</b>/${n}`,
    properties: n === 5 ? { name: `${LONG_ID} and more`, [LONG_ID]: "x".repeat(500) } : properties,
    createdTime: timestampFromMs(Date.now() - n * 11_000_000 - 120_000),
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const all = variant === "empty" ? [] : Object.entries(COUNTS).flatMap(([type, count]) => Array.from({ length: count }, (_, n) => group(type, n)));
  router.rpc(GroupService.method.listGroupTypes, () => {
    if (variant === "error") throw fail(Code.Unavailable, "identity is away", "DEPENDENCY_UNAVAILABLE");
    return { groupTypes: variant === "empty" ? [] : Object.entries(COUNTS).map(([type, count]) => ({ type, groupCount: BigInt(type === "company" && variant === "many" ? 48_213 : count) })) };
  });
  router.rpc(GroupService.method.listGroups, ({ type, search, pageToken, pageSize }) => {
    const found = all.filter((one) => one.type === type && (one.key.startsWith(search) || JSON.stringify(Object.values(one.properties)).toLowerCase().includes(search.toLowerCase())));
    const from = Number(pageToken || 0);
    const page = found.slice(from, from + (pageSize || 50));
    const next = from + page.length;
    return { groups: page, nextPageToken: next < found.length ? String(next) : "" };
  });
  router.rpc(GroupService.method.getGroup, ({ type, key }) => {
    const found = all.find((one) => one.type === type && one.key === key);
    if (!found) throw fail(Code.NotFound, "no such group", "NOT_FOUND");
    return { group: found };
  });
}
