import { Download } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { type ChartTable, downloadCsv } from "./table";

interface Props {
  /** What the table shows; the name of its file. */
  title: string;
  /** Asked for only when it is wanted. */
  table(): ChartTable;
  disabled?: boolean;
}

/** What is on the page, as a file. */
export function CsvButton({ title, table, disabled }: Props) {
  return <IconButton size="s" label={`Download CSV: ${title}`} disabled={disabled} icon={<Download aria-hidden />} onClick={() => downloadCsv(title, table())} />;
}
