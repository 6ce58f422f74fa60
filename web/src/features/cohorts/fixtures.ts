import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { people } from "@/features/people/fixtureStore";
import { fail } from "@/fixtures/identity";
import { Condition_Operator as Operator, Filter_Conjunction as Conjunction, Scope } from "@/gen/observe/common/v1/filter_pb";
import { type Cohort, CohortBehavior_Comparison as Comparison, CohortSchema, CohortService, type CohortRuleSchema } from "@/gen/observe/reports/v1/cohort_service_pb";

const LONG = `<img src=x onerror=alert(1)> ${"a cohort with a very long name ".repeat(8)}`.slice(0, 200);
const id = (n: number) => `0198c5a2-0000-7000-8000-000000c0${String(n).padStart(4, "0")}`;
const ago = (hours: number) => timestampFromMs(Date.now() - hours * 3_600_000);
const property = (key: string, values: string[], operator = Operator.EQUALS) => ({ kind: { case: "property" as const, value: { property: key, scope: Scope.PERSON, operator, values } } });

const PAYING: MessageInitShape<typeof CohortRuleSchema> = {
  conjunction: Conjunction.AND,
  conditions: [
    property("plan", ["pro", "team"]),
    {
      kind: {
        case: "behavior",
        value: { event: "purchase", comparison: Comparison.AT_LEAST, times: 2, days: 30, filter: { conditions: [{ property: "amount", scope: Scope.EVENT, operator: Operator.GREATER, values: ["10"] }] } },
      },
    },
    { negated: true, kind: { case: "cohortId", value: id(2) } },
  ],
  groups: [{ conjunction: Conjunction.OR, conditions: [property("trial", ["false"]), { negated: true, kind: { case: "behavior", value: { event: "", days: 7, times: 1 } } }] }],
};

/** The made-up cohorts, and who is on the lists; calls change them until the tab is closed. */
const cohorts: Cohort[] = [];
const lists = new Map<string, Set<string>>();

function make(n: number, name: string, rest: MessageInitShape<typeof CohortSchema> = {}): Cohort {
  return create(CohortSchema, { id: id(n), name, createdTime: ago(900), updatedTime: ago(n * 17 + 1), ...rest });
}

function fill(variant: string): void {
  cohorts.length = 0;
  lists.clear();
  if (variant === "empty") return;
  cohorts.push(
    make(1, variant === "long" ? LONG : "Paying customers", { description: "Paid at least twice in the last month.", rule: PAYING, personCount: 48n, countTime: ago(0.01) }),
    make(2, "Staff", { description: variant === "long" ? LONG.repeat(4) : "Us, to be left out." }),
    make(3, "Never came back", { rule: { conditions: [property("plan", ["free"])] } }),
  );
  lists.set(id(2), new Set(Array.from({ length: 7 }, (_, n) => `user-${n + 1}`)));
  if (variant === "many") for (let n = 4; n < 180; n++) cohorts.push(make(n, `Cohort ${n}`, { rule: PAYING, personCount: BigInt(n * 311), countTime: ago(1) }));
}

function find(cohortId: string): Cohort {
  const found = cohorts.find((one) => one.id === cohortId);
  if (!found) throw fail(Code.NotFound, "no such cohort", "NOT_FOUND");
  return found;
}

function members(cohort: Cohort) {
  const list = lists.get(cohort.id);
  if (list) return people.filter((one) => list.has(one.id) || one.distinctIds.some((distinct) => list.has(distinct)));
  return cohort.rule ? people.filter((one) => one.properties.plan !== "free") : [];
}

function counted(cohort: Cohort): Cohort {
  return cohort.rule ? cohort : create(CohortSchema, { ...cohort, personCount: BigInt(members(cohort).length), countTime: ago(0) });
}

function checkName(name: string, own?: string): void {
  if (cohorts.some((one) => one.name === name && one.id !== own)) throw fail(Code.AlreadyExists, "a cohort of this name exists", "ALREADY_EXISTS");
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  fill(variant);
  const { method } = CohortService;
  router.rpc(method.listCohorts, () => {
    if (variant === "error") throw fail(Code.Unavailable, "reports are away", "DEPENDENCY_UNAVAILABLE");
    return { cohorts: cohorts.map(counted).sort((a, b) => a.name.localeCompare(b.name)) };
  });
  router.rpc(method.getCohort, ({ cohortId }) => ({ cohort: counted(find(cohortId)) }));
  router.rpc(method.createCohort, ({ name, description, rule }) => {
    checkName(name);
    const made = make(1_000 + cohorts.length, name, { description, rule, updatedTime: ago(0) });
    cohorts.push(made);
    if (!rule) lists.set(made.id, new Set());
    return { cohort: made };
  });
  router.rpc(method.updateCohort, ({ cohortId, name, description, rule }) => {
    checkName(name, cohortId);
    return { cohort: Object.assign(find(cohortId), { name, description, rule, updatedTime: ago(0) }) };
  });
  router.rpc(method.deleteCohort, ({ cohortId }) => {
    const user = cohorts.find(({ rule }) => rule?.conditions.some(({ kind }) => kind.case === "cohortId" && kind.value === cohortId));
    if (user) throw fail(Code.FailedPrecondition, `the rule of the cohort "${user.name}" names it`, "FAILED_PRECONDITION");
    cohorts.splice(cohorts.indexOf(find(cohortId)), 1);
    return {};
  });
  router.rpc(method.previewCohort, ({ rule }) => {
    const text = JSON.stringify(rule, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    if (text.includes('"("')) throw fail(Code.InvalidArgument, "invalid", "INVALID_REQUEST", { "rule.conditions[0].property.values[0]": "must be a regular expression" });
    return { personCount: BigInt((text.length * 37) % 12_408), allPersons: 12_408n };
  });
  router.rpc(method.listCohortPersons, ({ cohortId, pageSize, pageToken }) => {
    const all = members(find(cohortId));
    const from = Number(pageToken || 0);
    const to = from + (pageSize || 100);
    return { persons: all.slice(from, to), total: BigInt(all.length), nextPageToken: to < all.length ? String(to) : "" };
  });
  router.rpc(method.addCohortPersons, ({ cohortId, distinctIds, personIds }) => {
    for (const one of [...distinctIds, ...personIds]) lists.get(cohortId)?.add(one);
    return { cohort: counted(find(cohortId)) };
  });
  router.rpc(method.removeCohortPersons, ({ cohortId, distinctIds, personIds }) => {
    for (const one of [...distinctIds, ...personIds]) lists.get(cohortId)?.delete(one);
    return { cohort: counted(find(cohortId)) };
  });
}
