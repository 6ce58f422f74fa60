import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { Filter } from "@/components/icons";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { KIND_NAMES } from "../question";
import { savedKind } from "./insightQuery";

/** A question that only a call could make: this page would lose a part of it. */
export function Unshown({ insight }: { insight: SavedInsight }) {
  const kind = savedKind(insight);
  return (
    <Card bare>
      <EmptyState
        icon={<Filter aria-hidden />}
        title="This insight has filters in groups"
        text={`It was saved by a call, and says more than this page can change without losing a part of it. It is asked as it is${kind ? `, as ${KIND_NAMES[kind].toLowerCase()},` : ""} on every dashboard it is on.`}
      />
    </Card>
  );
}
