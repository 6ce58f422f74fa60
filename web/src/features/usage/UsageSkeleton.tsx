import { Card } from "@/components/Card";
import { Skeleton, SkeletonLines } from "@/components/Skeleton";
import { METRICS } from "./usage";
import styles from "./usage.module.css";

/** The shape of the page to come. */
export function UsageSkeleton() {
  return (
    <div className="stack" aria-busy>
      <div className={styles.tiles}>
        {METRICS.map((metric) => (
          <div key={metric} className={styles.tile}>
            <Skeleton width={70} />
            <Skeleton width={90} height={22} />
            <Skeleton width={60} />
            <Skeleton height={30} radius={4} />
          </div>
        ))}
      </div>
      <Card>
        <Skeleton height={240} radius={6} />
      </Card>
      <Card>
        <SkeletonLines lines={8} />
      </Card>
    </div>
  );
}
