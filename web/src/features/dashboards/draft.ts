import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@/format/time";
import { type Dashboard, type DashboardSchema, type DashboardTile, DashboardTile_Width as Width, DashboardTileSchema } from "@/gen/observe/reports/v1/dashboard_service_pb";

export const TILES_MAX = 50;
export const TEXT_MAX = 4_000;
export const NAME_MAX = 200;
export const DESCRIPTION_MAX = 2_000;

/** What can be changed of a dashboard, as it stands on the page. */
export interface Draft {
  name: string;
  description: string;
  tiles: readonly DashboardTile[];
  /** The time that ends now, for all tiles, in hours; `null` for each its own. */
  lastHours: number | null;
}

const HOUR_MS = 3_600_000;

/** What is kept of a dashboard, for changing it. */
export function draftOf({ name, description, tiles, last }: Dashboard): Draft {
  const ms = last ? durationMs(last) : 0;
  return { name, description, tiles, lastHours: ms > 0 ? ms / HOUR_MS : null };
}

/** All that the dashboard is to be, if it was not changed since `updatedTime`. */
export function toDashboard(id: string, { name, description, tiles, lastHours }: Draft, updatedTime: Timestamp | undefined): MessageInitShape<typeof DashboardSchema> {
  return { id, name: name.trim(), description: description.trim(), tiles: [...tiles], last: lastHours === null ? undefined : durationFromMs(lastHours * HOUR_MS), updatedTime };
}

/** Whether it may be saved: a dashboard has a name. */
export function isWhole({ name }: Draft): boolean {
  return name.trim() !== "" && [...name.trim()].length <= NAME_MAX;
}

/** A UUID (version 4). `crypto.randomUUID` is missing on plain http beyond localhost; its source of randomness is not. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => (index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A tile that shows an insight. */
export function insightTile(savedInsightId: string): DashboardTile {
  return create(DashboardTileSchema, { id: newId(), content: { case: "savedInsightId", value: savedInsightId }, width: Width.HALF });
}

/** A tile of text. */
export function textTile(text: string): DashboardTile {
  return create(DashboardTileSchema, { id: newId(), content: { case: "text", value: text }, width: Width.FULL });
}

/** The tiles with one of them changed. */
export function withTile(tiles: readonly DashboardTile[], id: string, change: MessageInitShape<typeof DashboardTileSchema>): DashboardTile[] {
  return tiles.map((tile) => (tile.id === id ? create(DashboardTileSchema, { ...tile, ...change }) : tile));
}

export type WidthName = "third" | "half" | "full";

const WIDTHS: Record<WidthName, Width> = { third: Width.THIRD, half: Width.HALF, full: Width.FULL };

/** How much of a row a tile takes; a half when nothing is said. */
export function widthName(width: Width): WidthName {
  return (Object.keys(WIDTHS) as WidthName[]).find((name) => WIDTHS[name] === width) ?? "half";
}

export function widthOf(name: WidthName): Width {
  return WIDTHS[name];
}
