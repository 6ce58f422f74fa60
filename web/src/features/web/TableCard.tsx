import { useState } from "react";
import { CsvButton } from "@/charts/CsvButton";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Dialog } from "@/components/Dialog";
import { Segmented } from "@/components/Segmented";
import { exactNumber, plural } from "@/format/number";
import type { WebTable } from "@/gen/observe/reports/v1/web_overview_pb";
import type { DimensionGroup, DimensionInfo } from "./dimensions";
import { Rows } from "./Rows";
import { rowsTable } from "./webView";
import styles from "./web.module.css";

/** So many rows stand on the page; the others are one press away. */
const SHOWN = 10;

interface Props {
  group: DimensionGroup;
  tables: readonly WebTable[];
  /** The name of the table in view. */
  shown: string;
  onShown(name: string): void;
  onRow(info: DimensionInfo, value: string): void;
}

/** Tables that answer the same question, one in view. */
export function TableCard({ group, tables, shown, onShown, onRow }: Props) {
  const [open, setOpen] = useState(false);
  const info = group.tables.find(({ name }) => name === shown) ?? group.tables[0];
  if (!info) return null;
  const table = tables.find(({ dimension }) => dimension === info.dimension);
  const rows = table?.rows ?? [];
  const more = rows.length - SHOWN + Number(table?.more ?? 0);
  const { title } = info;
  const pick = (value: string) => {
    setOpen(false);
    onRow(info, value);
  };
  return (
    <Card
      bare
      title={group.title}
      actions={<CsvButton title={title} disabled={rows.length === 0} table={() => rowsTable(info, rows)} />}
    >
      {group.tables.length > 1 && (
        <div className={styles.switch}>
          <Segmented label={`${group.title} by`} value={info.name} options={group.tables.map(({ name }) => ({ value: name, label: name }))} onChange={onShown} />
        </div>
      )}
      <div className={styles.tableBox}>
        <Rows info={info} rows={rows.slice(0, SHOWN)} label={title} onRow={pick} />
      </div>
      {more > 0 && (
        <div className={styles.more}>
          <Button size="s" variant="ghost" onClick={() => setOpen(true)}>
            Show {exactNumber(more)} more
          </Button>
        </div>
      )}
      <Dialog
        wide
        open={open}
        onOpenChange={setOpen}
        title={title}
        description={Number(table?.more ?? 0) > 0 ? `The ${rows.length} with the most visitors; ${plural(table?.more ?? 0n, "value")} further are left out. Filter to see them.` : undefined}
      >
        <div className={styles.allRows} role="region" aria-label={title} tabIndex={0}>
          <Rows info={info} rows={rows} label={`${title}, all`} onRow={pick} />
        </div>
      </Dialog>
    </Card>
  );
}
