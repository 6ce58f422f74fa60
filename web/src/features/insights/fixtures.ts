import type { ConnectRouter } from "@connectrpc/connect";
import { EventService, PropertyDefinition_Type } from "@/gen/observe/events/v1/event_service_pb";
import { addAnswerFixtures } from "./fixtures/answers";
import { addBehindFixtures } from "./fixtures/behind";
import { LONG, PLANS } from "./fixtures/names";
import { addOverTimeFixtures } from "./fixtures/overTime";
import { addSavedFixtures } from "./fixtures/saved";

/**
 * Answers that look like those of a shop: more by day than by night, less at weekends. Variants: `long` (names of 200
 * characters), `none` (nobody behind anything), `invalid`, `loading`, `fault`, `waiting`.
 */
export function addFixtures(router: ConnectRouter, variant: string): void {
  const names = ["page_view", "button_clicked", "signup_started", "signup_completed", "checkout_started", "purchase", "$identify"];
  if (variant === "long") {
    names.unshift(LONG, `${"W".repeat(199)}!`);
    router.rpc(EventService.method.listEventDefinitions, () => ({
      eventDefinitions: names.map((name, index) => ({ name, eventCount: BigInt(Math.round(2_100_000 / (index + 1))) })),
    }));
  }
  router.rpc(EventService.method.listPropertyDefinitions, () => ({
    propertyDefinitions: ["plan", "path", "amount", "$browser", variant === "long" ? LONG.slice(0, 190) : "campaign"].map((key, index) => ({
      key,
      type: PropertyDefinition_Type.STRING,
      eventCount: BigInt(90_000 - index * 7_000),
    })),
  }));
  router.rpc(EventService.method.listPropertyValues, ({ search, property }) => ({
    values: (property === "$pathname" ? ["/", "/pricing", "/sign-up", "/docs"] : [...PLANS, LONG])
      .filter((value) => value.includes(search))
      .map((value, index) => ({ value, eventCount: BigInt(4_000 - index * 311) })),
  }));
  addOverTimeFixtures(router, variant);
  addAnswerFixtures(router, variant);
  addBehindFixtures(router, variant);
  addSavedFixtures(router, variant);
}
