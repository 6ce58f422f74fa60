import { Download } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { type ChartTable, downloadCsv } from "./table";

export interface CsvButtonProps {
  /** What the table shows; the name of its file. */
  title: string;
  /** Asked for only when it is wanted. */
  table(): ChartTable;
  disabled?: boolean;
}

/** A table as a file: the one such button of the product. */
export function CsvButton({ title, table, disabled }: CsvButtonProps) {
  return <IconButton size="s" label={`Download CSV: ${title}`} disabled={disabled} icon={<Download aria-hidden />} onClick={() => downloadCsv(title, table())} />;
}
