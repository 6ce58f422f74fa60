import type { JsonValue } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Value } from "@bufbuild/protobuf/wkt";
import { valueText } from "@/components/event/event";
import { PropertyChange_Cause as Cause } from "@/gen/observe/identity/v1/person_service_pb";
import type { PropertyChange } from "@/gen/observe/identity/v1/person_service_pb";

/** What changed a property, in words. */
export const CHANGE_CAUSES: Record<Cause, string> = {
  [Cause.UNSPECIFIED]: "Unknown",
  [Cause.UPDATE]: "Update",
  [Cause.MERGE]: "Merge",
  [Cause.SPLIT]: "Undone merge",
};

/** A value of a property as text; undefined where there was none. */
export function changeText(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  const json: JsonValue = toJson(ValueSchema, value);
  return valueText(json);
}

/** What happened to the property: "set", "changed", "removed". */
export function changeVerb({ oldValue, newValue }: PropertyChange): "set" | "changed" | "removed" {
  if (newValue === undefined) return "removed";
  return oldValue === undefined ? "set" : "changed";
}
