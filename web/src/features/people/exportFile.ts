import type { JsonValue } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { EventSchema } from "@/gen/observe/events/v1/event_pb";
import { PersonSchema } from "@/gen/observe/identity/v1/person_pb";
import { MergeSchema, PropertyChangeSchema } from "@/gen/observe/identity/v1/person_service_pb";
import type { ExportPersonResponse } from "@/gen/observe/reports/v1/person_activity_service_pb";

/**
 * The file of an export, written page by page: one JSON object with `person`, `merges`, `propertyChanges` and `events`, in
 * the JSON of the API, as `observe export-person` writes it. What was written is kept as text, not as objects: a person may
 * have a million events.
 */
export class ExportFile {
  readonly #parts: string[] = [];
  #events = 0;

  /** How many events were added. */
  get events(): number {
    return this.#events;
  }

  add(page: ExportPersonResponse): void {
    if (this.#parts.length === 0) this.#parts.push(headOf(page));
    const events = page.events.map((event) => JSON.stringify(toJson(EventSchema, event)));
    if (events.length > 0) this.#parts.push(`${this.#events > 0 ? "," : ""}\n    ${events.join(",\n    ")}`);
    this.#events += events.length;
  }

  /** The pieces of the file; nothing can be added afterwards. */
  parts(): string[] {
    return [...this.#parts, this.#events > 0 ? "\n  ]\n}\n" : "]\n}\n"];
  }
}

/** All but the events, for which the object stays open. */
function headOf({ person, merges, propertyChanges }: ExportPersonResponse): string {
  const head = {
    person: person ? toJson(PersonSchema, person) : null,
    merges: merges.map((merge): JsonValue => toJson(MergeSchema, merge)),
    propertyChanges: propertyChanges.map((change): JsonValue => toJson(PropertyChangeSchema, change)),
  };
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "events": [`;
}

/** The file's name: nothing of a hostile name that a file system minds. */
export function exportName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60).replace(/^-+|-+$/g, "");
  return `person-${plain || "export"}.json`;
}
