import { type ReactNode, useState } from "react";
import { TableIcon } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { ChartTable } from "./ChartTable";
import { CsvButton } from "./CsvButton";
import type { ChartTable as Data } from "./table";
import styles from "./charts.module.css";

interface Props {
  /** What the chart shows; its name for who cannot see it, and the name of its file. */
  title: string;
  /** The same as rows and columns; asked for only when it is wanted. */
  table(): Data;
  /** Stands at the left of the tools. */
  actions?: ReactNode;
  children: ReactNode;
}

/** What every chart has: a name, itself as a table, and itself as a file. */
export function ChartFrame({ title, table, actions, children }: Props) {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className={styles.frame} aria-label={title}>
      <div className={styles.tools}>
        <div className={styles.actions}>{actions}</div>
        <IconButton
          size="s"
          label={asTable ? "Show as chart" : "Show as table"}
          aria-pressed={asTable}
          icon={<TableIcon aria-hidden />}
          onClick={() => setAsTable(!asTable)}
        />
        <CsvButton title={title} table={table} />
      </div>
      {asTable ? <ChartTable title={title} table={table()} /> : children}
    </figure>
  );
}
