import { useState } from "react";
import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { IconButton } from "@/components/IconButton";
import { Ellipsis } from "@/components/icons";
import { Menu } from "@/components/Menu";
import { Bookmark } from "@/components/query/icons";
import { useToast } from "@/components/Toast";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import { KIND_NAMES, type Question } from "../question";
import type { Asker } from "../request";
import { insightActions } from "./insightActions";
import { type InsightAction, InsightDialog } from "./InsightDialogs";
import { displayOf, essence, fromSavedInsight, toInsightQuery } from "./insightQuery";
import { SaveDialog } from "./SaveDialog";
import { useSaving } from "./useSaved";

interface Props {
  question: Question;
  asker: Asker;
  /** What the question was saved as. */
  insight: SavedInsight | undefined;
  /** Told the id of the insight that the page shows from now on; empty for none. */
  onShow(id: string): void;
}

/** Saves the question of the page: anew, over what it was, or as another one. */
export function SaveActions({ question, asker, insight, onShow }: Props) {
  const { project, membership } = useProject();
  const toast = useToast();
  const { update } = useSaving();
  const [naming, setNaming] = useState(false);
  const [action, setAction] = useState<InsightAction | null>(null);
  const query = toInsightQuery(question, asker);
  if (!mayChange(membership.role) || question.tab === "saved") return null;
  const kept = insight && fromSavedInsight(insight, asker.timeZone);
  const changed = insight !== undefined && query !== null && (!kept || essence(question, asker) !== essence(kept, asker));
  const save = () => {
    if (!insight || !query) return;
    update.mutate(
      { projectId: project.id, savedInsight: { ...insight, query, display: displayOf(question) } },
      { onSuccess: () => toast.ok("Insight saved"), onError: (error) => toast.bad(readError(error).message) },
    );
  };
  const icon = <Bookmark aria-hidden />;
  return (
    <>
      {!insight ? (
        <Button icon={icon} disabled={!query} onClick={() => setNaming(true)}>
          Save
        </Button>
      ) : (
        <>
          {changed && (
            <Button icon={icon} variant="primary" loading={update.isPending} onClick={save}>
              Save changes
            </Button>
          )}
          <Menu
            align="end"
            trigger={<IconButton label="More about this insight" icon={<Ellipsis aria-hidden />} />}
            entries={[{ label: "Save as another…", icon, disabled: !query, onSelect: () => setNaming(true) }, "separator", ...insightActions(setAction)]}
          />
        </>
      )}
      {naming && query && (
        <SaveDialog
          query={query}
          display={displayOf(question)}
          name={insight ? "" : suggestedName(question)}
          note={question.range.kind === "preset" && question.range.preset === "today" ? "It is saved for the last 24 hours, since every day is once today." : undefined}
          onSaved={(id) => {
            setNaming(false);
            onShow(id);
          }}
          onClose={() => setNaming(false)}
        />
      )}
      {insight && action && <InsightDialog insight={insight} action={action} onClose={() => setAction(null)} onDeleted={() => onShow("")} />}
    </>
  );
}

/** A first name, which says what the question is about. */
function suggestedName(question: Question): string {
  const named = (event: string | undefined) => event || "any event";
  const name = () => {
    switch (question.tab) {
      case "funnel":
        return `${named(question.steps[0]?.event)} to ${named(question.steps.at(-1)?.event)}`;
      case "retention":
        return `Retention of ${named(question.retention.start.event)}`;
      case "trends":
        return named(question.series[0]?.event);
      case "saved":
        return "";
      default:
        return KIND_NAMES[question.tab];
    }
  };
  return [...name()].slice(0, 200).join("");
}
