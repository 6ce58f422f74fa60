import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { PersonActivityService } from "@/gen/observe/reports/v1/person_activity_service_pb";
import { fail } from "@/fixtures/identity";
import { findPerson, LONG_ID } from "./fixtureStore";
import type { MadePerson } from "./fixtureStore";

const NAMES = ["$pageview", "button_clicked", "$pageview", "signup_started", "checkout_started", "purchase"];
const PATHS = ["/", "/pricing", "/docs/getting-started", "/cart", "/checkout"];
const HOUR_MS = 3_600_000;
/** How many events of an export come on a page. */
const EXPORT_PAGE = 40;

/** Events of a person, the latest first: visits of one to nine events, some hours apart. */
export function madeEvents(one: MadePerson, variant: string) {
  const events = [];
  const visits = variant === "many" ? 900 : one.createdTime ? 26 : 2;
  for (let visit = 0; visit < visits; visit++) {
    const count = 1 + ((visit * 5) % 9);
    const end = Date.now() - visit * 7.3 * HOUR_MS - 180_000;
    for (let n = 0; n < count; n++) {
      const index = visit * 10 + n;
      const name = one.distinctIds.includes(LONG_ID) && index === 1 ? `<i>${LONG_ID}` : NAMES[index % NAMES.length]!;
      const path = PATHS[(index * 3) % PATHS.length]!;
      events.push({
        uuid: `0198c5a2-${one.id.slice(9, 13)}-7000-9000-${index.toString(16).padStart(12, "0")}`,
        name,
        distinctId: one.distinctIds[index % one.distinctIds.length]!,
        time: timestampFromMs(end - n * 97_000),
        sessionId: `0198c5a2-0000-7000-8000-${(700_000 + visit).toString(16).padStart(12, "0")}`,
        properties: { $pathname: path, $current_url: `https://shop.example${path}`, $browser: "Firefox", ...(name === "purchase" ? { amount: 1440 + n, currency: "EUR" } : {}) },
        begins: n === count - 1,
      });
    }
  }
  return events;
}

export function addActivityFixtures(router: ConnectRouter, variant: string): void {
  const eventsOf = (id: { case: string | undefined; value?: unknown }) => {
    const found = findPerson(id);
    if (!found) throw fail(Code.NotFound, "no such person", "NOT_FOUND");
    return { found, events: variant === "no-events" ? [] : madeEvents(found, variant) };
  };
  router.rpc(PersonActivityService.method.listPersonEvents, (request) => {
    if (variant === "loading") throw fail(Code.Unavailable, "the projection is loading", "PROJECTION_LOADING");
    const { events } = eventsOf(request.id);
    const from = Number(request.pageToken || 0);
    const page = events.slice(from, from + (request.pageSize || 100));
    const next = from + page.length;
    return { events: page, beginsSession: page.map(({ begins }) => begins), nextPageToken: next < events.length ? String(next) : "" };
  });
  router.rpc(PersonActivityService.method.exportPerson, (request) => {
    const { found, events } = eventsOf(request.id);
    const from = Number(request.pageToken || 0);
    const oldestFirst = [...events].reverse();
    const page = oldestFirst.slice(from, from + EXPORT_PAGE);
    const next = from + page.length;
    return { ...(from === 0 ? { person: found } : {}), events: page, nextPageToken: next < events.length ? String(next) : "" };
  });
}
