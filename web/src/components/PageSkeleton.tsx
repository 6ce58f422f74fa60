import { Card } from "@/components/Card";
import { Skeleton, SkeletonLines } from "@/components/Skeleton";

/** A page of unknown content, while its code is being loaded. */
export function PageSkeleton() {
  return (
    <div className="stack" aria-busy>
      <div style={{ height: 32, display: "flex", alignItems: "center" }}>
        <Skeleton width={140} height={18} />
      </div>
      <Card>
        <SkeletonLines lines={6} />
      </Card>
    </div>
  );
}
