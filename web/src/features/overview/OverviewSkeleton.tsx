import { PageHeader } from "@/components/PageHeader";
import { Skeleton } from "@/components/Skeleton";
import rows from "./items.module.css";
import numbers from "./numbers.module.css";
import styles from "./overview.module.css";

/** The shape of the page to come. */
export function OverviewSkeleton() {
  return (
    <div aria-busy>
      <PageHeader
        tabTitle="Overview"
        title={
          <>
            <span className="visually-hidden">Overview</span>
            <Skeleton width={250} height={24} />
          </>
        }
      />
      <div className={styles.page} role="status" aria-label="Loading the overview">
        <div className={rows.items}>
          {[0, 1].map((row) => (
            <div key={row} className={rows.item}>
              <Skeleton width={64} />
              <span className={rows.words}>
                <Skeleton width={`${62 - row * 14}%`} height={13} />
                <Skeleton width={`${46 + row * 10}%`} />
              </span>
            </div>
          ))}
        </div>
        <Skeleton width={360} />
        <div className={numbers.numbers}>
          <Skeleton width={280} />
          <div className={numbers.tiles}>
            {[0, 1, 2, 3].map((tile) => (
              <div key={tile} className={numbers.tile}>
                <Skeleton width={70} />
                <Skeleton width={110} height={26} />
                <Skeleton height={44} radius={4} />
                <Skeleton width={60} />
              </div>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}
