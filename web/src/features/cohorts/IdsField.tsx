import { TextArea } from "@/components/TextField";
import { exactNumber, plural } from "@/format/number";
import { IDS_MAX, type Pasted } from "./pasted";

interface Props {
  value: string;
  onChange(text: string): void;
  /** What was read of it. */
  pasted: Pasted;
  error?: string | undefined;
}

/** Where distinct ids are pasted; says at once what was read. */
export function IdsField({ value, onChange, pasted, error }: Props) {
  const { ids, tooLong } = pasted;
  const tooMany = ids.length > IDS_MAX ? `At most ${exactNumber(IDS_MAX)} at once; these are ${exactNumber(ids.length)}.` : undefined;
  const long = tooLong > 0 ? ` ${plural(tooLong, "line")} longer than 200 characters ${tooLong === 1 ? "is" : "are"} left out.` : "";
  return (
    <TextArea
      label="Distinct ids"
      hint={ids.length + tooLong > 0 ? `${plural(ids.length, "distinct id")}.${long}` : "One a line, such as a column of a spreadsheet. Somebody without an event yet counts as soon as there is one."}
      error={error ?? tooMany}
      value={value}
      onChange={onChange}
      rows={8}
      spellCheck={false}
      placeholder={"user-1\nuser-2"}
    />
  );
}
