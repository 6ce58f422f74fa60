import { Link } from "wouter";
import { ArrowLeft } from "@/components/icons";
import styles from "@/components/Page.module.css";

export interface BackLinkProps {
  to: string;
  /** Where it leads: "People". Text of others may be long; it is cut. */
  name: string;
}

/** Above the title of a page about one thing: the way to the list that it is from. */
export function BackLink({ to, name }: BackLinkProps) {
  return (
    <Link href={to} className={styles.back}>
      <ArrowLeft aria-hidden /> <span className="truncate">{name}</span>
    </Link>
  );
}
