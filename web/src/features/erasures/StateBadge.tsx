import { Badge } from "@/components/Badge";
import type { Erasure } from "@/gen/observe/identity/v1/erasure_pb";
import { isDone } from "./erasure";

/** How far an erasure has come. */
export function StateBadge({ erasure }: { erasure: Erasure }) {
  return (
    <span role="status">
      {isDone(erasure) ? (
        <Badge tone="ok" shape="✓">
          Done
        </Badge>
      ) : (
        <Badge tone="info" shape="○">
          Pending
        </Badge>
      )}
    </span>
  );
}
