import type { ConditionState } from "@/components/query";
import { type WebRow, WebTable_Dimension as Dimension } from "@/gen/observe/reports/v1/web_overview_pb";

/** What the rows of one table are told apart by. */
export interface DimensionInfo {
  dimension: Dimension;
  /** In the switch of its card. */
  name: string;
  /** What the whole table is called. */
  title: string;
  /** The name of its first column. */
  column: string;
  /** What `views` of a row counts. */
  counted: string;
  /** Which property selects a row; a filter of page views, or of the sessions that they are in. */
  property: string;
  scope: ConditionState["scope"];
}

/** A card of the page: tables that answer the same question, one in view. */
export interface DimensionGroup {
  key: string;
  title: string;
  tables: readonly DimensionInfo[];
}

const event = (dimension: Dimension, name: string, title: string, column: string, property: string): DimensionInfo => ({
  dimension, name, title, column, counted: "Views", property, scope: "event",
});
// What a session came from stands in its first page view alone, so that its further views would be lost to a filter of events.
const session = (dimension: Dimension, name: string, title: string, column: string, property: string): DimensionInfo => ({
  dimension, name, title, column, counted: "Views", property, scope: "session",
});

/** All tables of the page. */
export const GROUPS: readonly DimensionGroup[] = [
  {
    key: "pages",
    title: "Pages",
    tables: [
      event(Dimension.PAGE, "All", "Pages", "Page", "$pathname"),
      { ...session(Dimension.ENTRY_PAGE, "Entry", "Entry pages", "Entry page", "$entry_pathname"), counted: "Entries" },
      // Sessions have no property of their last page: a row leads to the views of that page.
      { ...event(Dimension.EXIT_PAGE, "Exit", "Exit pages", "Exit page", "$pathname"), counted: "Exits" },
    ],
  },
  {
    key: "sources",
    title: "Sources",
    tables: [
      session(Dimension.REFERRER, "Referrer", "Referrers", "Referrer", "$entry_referring_domain"),
      session(Dimension.UTM_SOURCE, "Source", "Campaign sources", "Campaign source", "$entry_utm_source"),
      session(Dimension.UTM_MEDIUM, "Medium", "Campaign media", "Campaign medium", "$entry_utm_medium"),
      session(Dimension.UTM_CAMPAIGN, "Campaign", "Campaigns", "Campaign", "$entry_utm_campaign"),
    ],
  },
  { key: "places", title: "Countries", tables: [event(Dimension.COUNTRY, "Country", "Countries", "Country", "$geoip_country_code")] },
  {
    key: "devices",
    title: "Devices",
    tables: [
      event(Dimension.BROWSER, "Browser", "Browsers", "Browser", "$browser"),
      event(Dimension.OS, "System", "Systems", "System", "$os"),
      event(Dimension.DEVICE, "Type", "Types of devices", "Type of device", "$device_type"),
    ],
  },
];

/** The condition that keeps what a row counts. */
export function rowCondition({ property, scope }: DimensionInfo, value: string): ConditionState {
  if (value === "$none") return { property, scope, operator: "not_set", values: [] };
  return { property, scope, operator: "is", values: [value] };
}

let countries: Intl.DisplayNames | undefined;

/** What a person reads in place of a value; the value itself is hostile text. */
export function valueName(dimension: Dimension, value: string): string {
  if (value === "$none") return "Not known";
  if (value === "$direct") return "Direct, or not said";
  if (dimension === Dimension.COUNTRY && /^[A-Z]{2}$/.test(value)) {
    countries ??= new Intl.DisplayNames("en", { type: "region", fallback: "code" });
    return countries.of(value) ?? value;
  }
  if (dimension === Dimension.DEVICE) return value.charAt(0).toUpperCase() + value.slice(1);
  return value;
}

/** How long a row's bar is, 0-1, against the table's longest. */
export function shareOf(row: WebRow, rows: readonly WebRow[]): number {
  const most = rows.reduce((top, { visitors }) => Math.max(top, Number(visitors)), 0);
  return most === 0 ? 0 : Number(row.visitors) / most;
}
