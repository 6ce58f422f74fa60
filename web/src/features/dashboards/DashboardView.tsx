import { createConnectQueryKey } from "@connectrpc/connect-query";
import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Check, Pencil, RefreshCw, Share2 } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { PageHeader } from "@/components/PageHeader";
import { knownZone } from "@/components/query/zone";
import { SelectField } from "@/components/SelectField";
import type { Dashboard } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { flagParam, textParam, useUrlState } from "@/hooks/useUrlState";
import { EditCard } from "./EditCard";
import { NoTiles } from "./NoTiles";
import { rangeOptions, readLast, writeLast } from "./ranges";
import { SaveTrouble } from "./SaveState";
import { ShareDialog } from "./ShareDialog";
import { TileGrid } from "./TileGrid";
import { useDraft } from "./useDraft";
import styles from "./dashboards.module.css";

const SHAPE = { edit: flagParam(), last: textParam() };

interface Props {
  dashboard: Dashboard;
  savedInsights: readonly SavedInsight[];
}

/** A dashboard that is looked at, and edited in place. */
export function DashboardView({ dashboard, savedInsights }: Props) {
  const { project, membership } = useProject();
  const timeZone = knownZone(useTimeZone());
  const now = useNow(60_000).getTime();
  const [{ edit, last }, setState] = useUrlState(SHAPE);
  const [sharing, setSharing] = useState(false);
  const [added, setAdded] = useState<readonly SavedInsight[]>([]);
  const saver = useDraft(project.id, dashboard);
  const { draft, change } = saver;
  const insights = useMemo(() => new Map([...savedInsights, ...added].map((one) => [one.id, one])), [savedInsights, added]);
  const may = mayChange(membership.role);
  const isEditing = edit && may;
  // Looking at another time changes nothing for others; while it is edited, the time is part of what is saved.
  const looked = isEditing ? undefined : readLast(last);
  const lastHours = looked === undefined ? draft.lastHours : looked;
  const choose = (text: string) => {
    const hours = readLast(text) ?? null;
    if (isEditing) change({ lastHours: hours });
    else setState({ last: hours === draft.lastHours ? "" : writeLast(hours) });
  };
  const asker = useMemo(() => ({ projectId: project.id, timeZone, now, lastHours }), [project.id, timeZone, now, lastHours]);
  const begin = () => setState({ edit: true, last: "" });
  return (
    <>
      <PageHeader
        tabTitle={draft.name}
        title={
          <>
            {draft.name} {dashboard.shared && <Badge shape="●">Shared by link</Badge>}
          </>
        }
        description={draft.description || undefined}
        actions={
          <>
            <SelectField label="Time of all tiles" hideLabel className={styles.range} value={writeLast(lastHours)} options={rangeOptions(lastHours)} onChange={choose} />
            <Refresh />
            {may && (
              <Button icon={<Share2 aria-hidden />} onClick={() => setSharing(true)}>
                Share
              </Button>
            )}
            {may && (
              <Button variant={isEditing ? "primary" : "secondary"} icon={isEditing ? <Check aria-hidden /> : <Pencil aria-hidden />} onClick={() => (isEditing ? setState({ edit: false }) : begin())}>
                {isEditing ? "Done" : "Edit"}
              </Button>
            )}
          </>
        }
      />
      <div className="stack">
        <SaveTrouble saver={saver} />
        {isEditing && (
          <EditCard
            dashboard={dashboard}
            saver={saver}
            onInsight={(insight) => setAdded([...added, insight])}
          />
        )}
        {draft.tiles.length === 0 ? (
          <NoTiles isEditing={isEditing} onEdit={may ? begin : undefined} />
        ) : (
          <TileGrid tiles={draft.tiles} insights={insights} asker={asker} onChange={isEditing ? (tiles) => change({ tiles }) : undefined} />
        )}
      </div>
      {sharing && <ShareDialog dashboard={dashboard} name={draft.name} onClose={() => setSharing(false)} />}
    </>
  );
}

/** Asks all questions of the page again. */
function Refresh() {
  const client = useQueryClient();
  const queryKey = createConnectQueryKey({ schema: InsightService, cardinality: "finite" });
  const isBusy = useIsFetching({ queryKey }) > 0;
  return <IconButton variant="secondary" label={isBusy ? "Answers are on their way" : "Ask again"} aria-busy={undefined} disabled={isBusy} icon={<RefreshCw aria-hidden />} onClick={() => void client.invalidateQueries({ queryKey })} />;
}
