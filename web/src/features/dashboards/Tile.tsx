import { type ReactNode, useRef } from "react";
import { Link } from "wouter";
import { X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { GripVertical } from "@/components/query/icons";
import { Segmented } from "@/components/Segmented";
import type { DashboardTile } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { widthName, type WidthName } from "./draft";
import type { TileOrder } from "./useTileOrder";
import { useSeen } from "./useSeen";
import styles from "./dashboards.module.css";

const WIDTHS: readonly { value: WidthName; label: string }[] = [
  { value: "third", label: "⅓" },
  { value: "half", label: "½" },
  { value: "full", label: "Full" },
];

export interface TileEditing {
  handle: ReturnType<TileOrder<DashboardTile>["handle"]>;
  isHeld: boolean;
  onWidth(width: WidthName): void;
  onRemove(): void;
  /** Further buttons, such as changing a text. */
  more?: ReactNode;
}

interface Props {
  tile: Pick<DashboardTile, "id" | "width">;
  /** The name of what it shows; none for a text. */
  title?: string | undefined;
  /** Where the name leads. */
  to?: string | undefined;
  /** While the dashboard is edited. */
  editing?: TileEditing | undefined;
  children: ReactNode;
}

/** One place on a dashboard. Its content is made when it first comes into view. */
export function Tile({ tile, title, to, editing, children }: Props) {
  const box = useRef<HTMLElement>(null);
  const seen = useSeen(box);
  const name = title ?? "Text";
  return (
    <article ref={box} className={styles.tile} data-tile={tile.id} data-width={widthName(tile.width)} data-held={editing?.isHeld || undefined} data-text={title === undefined || undefined} aria-label={name}>
      {editing && <Tools name={name} width={widthName(tile.width)} {...editing} />}
      {title !== undefined && (
        <h2 className={styles.tileTitle} title={title}>
          {to ? <Link href={to}>{title}</Link> : title}
        </h2>
      )}
      {seen ? children : <div className={styles.area} />}
    </article>
  );
}

function Tools({ name, width, handle, onWidth, onRemove, more }: Omit<TileEditing, "isHeld"> & { name: string; width: WidthName }) {
  return (
    <div className={styles.tools}>
      <button type="button" data-handle className={styles.handle} aria-label={`Move ${name}: drag, or press the arrow keys`} title="Drag, or press the arrow keys" {...handle}>
        <GripVertical size={16} aria-hidden />
      </button>
      <Segmented label={`Width of ${name}`} value={width} options={WIDTHS} onChange={onWidth} />
      <span className={styles.toolsEnd}>
        {more}
        <IconButton size="s" label={`Remove ${name} from the dashboard`} icon={<X aria-hidden />} onClick={onRemove} />
      </span>
    </div>
  );
}
