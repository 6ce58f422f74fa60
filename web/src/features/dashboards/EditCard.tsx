import { useState } from "react";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Plus, Trash2 } from "@/components/icons";
import { TextArea, TextField } from "@/components/TextField";
import type { Dashboard } from "@/gen/observe/reports/v1/dashboard_service_pb";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { AddInsightDialog } from "./AddInsightDialog";
import { DeleteDashboardDialog } from "./DeleteDashboardDialog";
import { DESCRIPTION_MAX, insightTile, NAME_MAX, textTile, TILES_MAX } from "./draft";
import { SaveMark } from "./SaveState";
import { TextDialog } from "./TextDialog";
import type { DraftOf } from "./useDraft";
import styles from "./dashboards.module.css";

interface Props {
  dashboard: Dashboard;
  saver: DraftOf;
  /** Told what was put on the dashboard, so that it can be drawn at once. */
  onInsight(insight: SavedInsight): void;
}

/** What is changed of a dashboard apart from its tiles: name, description, what is on it, and whether it exists. */
export function EditCard({ dashboard, saver: { draft, change, state }, onInsight }: Props) {
  const [open, setOpen] = useState<"insight" | "text" | "delete">();
  const close = () => setOpen(undefined);
  const { tiles } = draft;
  const isFull = tiles.length >= TILES_MAX;
  const add = (insight: SavedInsight) => {
    onInsight(insight);
    change({ tiles: [...tiles, insightTile(insight.id)] });
  };
  return (
    <Card>
      <div className="stack">
        <div className={styles.fields}>
          <TextField
            label="Name"
            value={draft.name}
            onChange={(name) => change({ name })}
            maxLength={NAME_MAX}
            autoComplete="off"
            error={draft.name.trim() === "" ? "A dashboard needs a name; nothing is saved without." : undefined}
          />
          <TextArea label="Description" value={draft.description} onChange={(description) => change({ description })} maxLength={DESCRIPTION_MAX} rows={1} />
        </div>
        <div className={styles.editButtons}>
          <Button variant="primary" icon={<Plus aria-hidden />} disabled={isFull} onClick={() => setOpen("insight")}>
            Add insights
          </Button>
          <Button icon={<Plus aria-hidden />} disabled={isFull} onClick={() => setOpen("text")}>
            Add text
          </Button>
          <SaveMark state={state} />
          {isFull && <span className="muted">A dashboard has at most {TILES_MAX} tiles.</span>}
          <Button className={styles.delete} variant="danger" icon={<Trash2 aria-hidden />} onClick={() => setOpen("delete")}>
            Delete
          </Button>
        </div>
      </div>
      {open === "insight" && (
        <AddInsightDialog
          present={new Set(tiles.flatMap(({ content }) => (content.case === "savedInsightId" ? [content.value] : [])))}
          count={tiles.length}
          onAdd={add}
          onClose={close}
        />
      )}
      {open === "text" && <TextDialog text="" onClose={close} onSave={(text) => change({ tiles: [...tiles, textTile(text)] })} />}
      {open === "delete" && <DeleteDashboardDialog dashboard={dashboard} onClose={close} />}
    </Card>
  );
}
