import { lazy, Suspense, useRef, useState } from "react";
import { IconButton } from "@/components/IconButton";
import { Pencil } from "@/components/icons";
import type { Behind } from "@/features/insights/behind/behind";
import { savedSearch } from "@/features/insights/saved/insightQuery";
import type { DashboardTile } from "@/gen/observe/reports/v1/dashboard_service_pb";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { useProject } from "@/hooks/useProject";
import type { TileAsker } from "./asks";
import { widthOf, withTile } from "./draft";
import { InsightTile } from "./InsightTile";
import { TextDialog } from "./TextDialog";
import { Tile, type TileEditing } from "./Tile";
import { useTileOrder } from "./useTileOrder";
import styles from "./dashboards.module.css";

// Who is behind a number is asked of few numbers.
const BehindPanel = lazy(async () => ({ default: (await import("@/features/insights/behind/BehindPanel")).BehindPanel }));

interface Props {
  tiles: readonly DashboardTile[];
  /** By id. */
  insights: ReadonlyMap<string, SavedInsight>;
  asker: TileAsker;
  /** Told the tiles as they are to be; none while the dashboard is only looked at. */
  onChange?: ((tiles: DashboardTile[]) => void) | undefined;
}

/** The tiles, in rows of thirds, halves and full width. */
export function TileGrid({ tiles, insights, asker, onChange }: Props) {
  const { path } = useProject();
  const grid = useRef<HTMLDivElement>(null);
  const [writing, setWriting] = useState<string>();
  const [behind, setBehind] = useState<Behind | null>(null);
  const change = onChange ?? (() => undefined);
  const { shown, held, handle, said } = useTileOrder(tiles, grid, change);
  const editingOf = (tile: DashboardTile): TileEditing | undefined =>
    onChange && {
      handle: handle(tile.id),
      isHeld: held === tile.id,
      onWidth: (name) => change(withTile(tiles, tile.id, { width: widthOf(name) })),
      onRemove: () => change(tiles.filter(({ id }) => id !== tile.id)),
      more: tile.content.case === "text" && <IconButton size="s" label="Change the text" icon={<Pencil aria-hidden />} onClick={() => setWriting(tile.id)} />,
    };
  const written = tiles.find(({ id }) => id === writing);
  return (
    <>
      <div className={styles.grid} ref={grid}>
        {shown.map((tile) => {
          if (tile.content.case === "text") {
            return (
              <Tile key={tile.id} tile={tile} editing={editingOf(tile)}>
                <p className={styles.text}>{tile.content.value}</p>
              </Tile>
            );
          }
          const insight = insights.get(tile.content.value ?? "");
          return (
            <Tile
              key={tile.id}
              tile={tile}
              title={insight?.name ?? "Insight that is gone"}
              to={insight && !onChange ? path(`insights?${savedSearch(insight, asker.timeZone)}`) : undefined}
              editing={editingOf(tile)}
            >
              {insight ? <InsightTile insight={insight} asker={asker} onBehind={setBehind} /> : <p className="muted">It was deleted. Remove the tile.</p>}
            </Tile>
          );
        })}
      </div>
      <p className="visually-hidden" aria-live="polite">
        {said}
      </p>
      <Suspense fallback={null}>{behind && <BehindPanel behind={behind} onChange={setBehind} onClose={() => setBehind(null)} />}</Suspense>
      {written?.content.case === "text" && (
        <TextDialog
          text={written.content.value}
          onClose={() => setWriting(undefined)}
          onSave={(value) => change(withTile(tiles, written.id, { content: { case: "text", value } }))}
        />
      )}
    </>
  );
}
