import { Card } from "@/components/Card";
import { Skeleton, SkeletonLines } from "@/components/Skeleton";
import { OUTCOMES } from "./ledger";
import styles from "./ingestion.module.css";

/** The shape of the page to come. */
export function IngestionSkeleton() {
  return (
    <div className="stack" aria-busy>
      <Card>
        <div className={styles.sumSkeleton}>
          {["accepted", ...OUTCOMES].map((name) => (
            <span key={name}>
              <Skeleton width={70} />
              <Skeleton width={90} height={22} />
              <Skeleton width={110} />
            </span>
          ))}
        </div>
        <Skeleton height={12} radius={6} />
      </Card>
      <Card>
        <SkeletonLines lines={6} />
      </Card>
    </div>
  );
}
