import type { ErrorFacet } from "@/gen/observe/reports/v1/error_service_pb";

/** A property of the events with its values, ready to be drawn. */
export interface FacetView {
  property: string;
  name: string;
  /** Most frequent first; `share` is of all events, 0-1. */
  values: { key: string; text: string; isNone: boolean; count: number; share: number }[];
}

const NAMES: Record<string, string> = {
  $browser: "Browser",
  $browser_version: "Browser version",
  $os: "System",
  $os_version: "System version",
  $release: "Release",
  $environment: "Environment",
  $pathname: "Page",
  $current_url: "Address",
  $host: "Host",
  $device_type: "Device",
  $transaction: "Transaction",
  $server_name: "Server",
  $level: "Level",
  $lib: "Client",
};
const NONE = "$none";

/** What a property is called; one of the site's own keeps its name. */
export function facetName(property: string): string {
  return NAMES[property] ?? property.replace(/^\$/, "");
}

/** Facets with shares of all `events`; those that say nothing, because no event has the property, are left out. */
export function facetViews(facets: readonly ErrorFacet[], events: number): FacetView[] {
  return facets
    .filter(({ values }) => values.some(({ value }) => value !== NONE))
    .map(({ property, values }) => {
      // Only the most frequent values are told, so they may add up to less than all.
      const total = Math.max(events, values.reduce((sum, { eventCount }) => sum + Number(eventCount), 0));
      return {
        property,
        name: facetName(property),
        values: values.map(({ value, eventCount }) => ({
          key: value,
          text: value === NONE ? "not set" : value === "" ? "empty text" : value,
          isNone: value === NONE || value === "",
          count: Number(eventCount),
          share: total === 0 ? 0 : Number(eventCount) / total,
        })),
      };
    });
}
