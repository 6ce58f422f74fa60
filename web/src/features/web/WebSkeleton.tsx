import { Card } from "@/components/Card";
import { Skeleton, SkeletonLines } from "@/components/Skeleton";
import { GROUPS } from "./dimensions";
import styles from "./web.module.css";

/** The shape of the screen to come. */
export function WebSkeleton() {
  return (
    <div className="stack" role="status" aria-label="Loading the overview">
      <Card>
        <div className={styles.tiles}>
          {Array.from({ length: 6 }, (_, index) => (
            <div key={index} className={styles.tile}>
              <Skeleton width={80} />
              <Skeleton width={64} height={24} />
              <Skeleton width={48} />
            </div>
          ))}
        </div>
        <Skeleton height={272} radius="var(--radius)" />
      </Card>
      <div className={styles.tables}>
        {GROUPS.map(({ key, title }) => (
          <Card key={key} title={title}>
            <div className={styles.skeletonRows}>
              <SkeletonLines lines={9} />
            </div>
          </Card>
        ))}
      </div>
    </div>
  );
}
