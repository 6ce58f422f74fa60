import styles from "@/components/Page.module.css";

export interface SkeletonProps {
  /** Any CSS length. */
  width?: number | string;
  height?: number | string;
  radius?: number | string;
}

/** The shape of what is being loaded. */
export function Skeleton({ width = "100%", height = 12, radius }: SkeletonProps) {
  return <span className={styles.skeleton} style={{ width, height, borderRadius: radius }} aria-hidden />;
}

/** A page's title to come; who cannot see it hears what kind of page it is. */
export function TitleSkeleton({ name, width = 220 }: { name: string; width?: number }) {
  return (
    <>
      <span className="visually-hidden">{name}</span>
      <Skeleton width={width} height={20} />
    </>
  );
}

/** Lines of text to come. */
export function SkeletonLines({ lines = 3 }: { lines?: number }) {
  return (
    <div className={styles.lines} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} width={`${92 - ((index * 23) % 50)}%`} />
      ))}
    </div>
  );
}
