import { useState } from "react";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { CopyButton } from "@/components/CopyButton";
import { plural } from "@/format/number";
import styles from "./people.module.css";

/** So many are shown before one asks for all. */
const SHOWN = 5;

/** All ids that are this person. */
export function DistinctIds({ ids }: { ids: readonly string[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? ids : ids.slice(0, SHOWN);
  return (
    <Card title={plural(ids.length, "distinct id")} description={ids.length > 1 ? "All of these are one person." : undefined}>
      <ul className={styles.ids}>
        {shown.map((id) => (
          <li key={id}>
            <span title={id}>{id}</span>
            <CopyButton text={id} label="Copy distinct id" />
          </li>
        ))}
      </ul>
      {shown.length < ids.length && (
        <Button size="s" variant="ghost" onClick={() => setAll(true)}>
          Show all {ids.length}
        </Button>
      )}
    </Card>
  );
}
