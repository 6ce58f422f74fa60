import { Link } from "wouter";
import { exactNumber } from "@/format/number";
import { useProject } from "@/hooks/useProject";
import styles from "./web.module.css";

/** How many are there at the moment; leads to what they do. */
export function PersonsNow({ count }: { count: bigint }) {
  const { path } = useProject();
  const words = count === 0n ? "Nobody now" : `${exactNumber(count)} ${count === 1n ? "person" : "people"} now`;
  return (
    <Link href={path("live")} className={styles.now} title="With an event in the last 5 minutes. See what they do">
      <span aria-hidden>{count === 0n ? "○" : "●"}</span> {words}
    </Link>
  );
}
