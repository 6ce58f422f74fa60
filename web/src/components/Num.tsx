import { exactNumber, shortNumber } from "@/format/number";

export interface NumProps {
  value: number | bigint;
  /** What is counted, for the words on hover: "events". */
  unit?: string;
}

/** A short number; exact on hover. */
export function Num({ value, unit }: NumProps) {
  const exact = unit ? `${exactNumber(value)} ${unit}` : exactNumber(value);
  return <span title={exact}>{shortNumber(value)}</span>;
}
