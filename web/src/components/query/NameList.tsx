import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { Command } from "cmdk";
import { type ReactNode, useDeferredValue, useMemo, useState } from "react";
import { readError } from "@/api/errors";
import { Check } from "@/components/icons";
import { Num } from "@/components/Num";
import { absoluteTime, relativeTime, toDate } from "@/format/time";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import type { Named, Names } from "./definitions";
import { matching } from "./matching";
import styles from "./query.module.css";

/** More rows than a person scrolls through; typing finds the rest. */
const SHOWN_MAX = 100;

interface Props {
  /** What the list is of, for who cannot see it: "Events". */
  label: string;
  placeholder: string;
  source: Names;
  chosen: readonly string[];
  onPick(name: string): void;
  /** Said when there is nothing to choose from. */
  empty: ReactNode;
  /** A row that stands first, such as "Any event", which picks the empty name. */
  first?: string;
  /** Told what is typed, when the server searches. */
  onSearch?(text: string): void;
  /** Longest text that may be picked though the list does not have it; 0 for none. */
  freeTextMax?: number;
  /** Takes away what was typed once something is picked, for choosing several. */
  clearOnPick?: boolean;
}

/** A list of names that is searched by typing and walked with the arrow keys. Names are hostile and only ever text. */
export function NameList(props: Props) {
  const { label, placeholder, source, chosen, empty, first, onSearch, freeTextMax = 200 } = props;
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => matching(source.names, wanted).slice(0, SHOWN_MAX), [source.names, wanted]);
  const typed = search.trim();
  const searchFor = (text: string) => {
    setSearch(text);
    onSearch?.(text);
  };
  const pick = (name: string) => {
    if (props.clearOnPick) searchFor("");
    props.onPick(name);
  };
  const free = typed !== "" && [...typed].length <= freeTextMax && !shown.some(({ name }) => name === typed);

  return (
    <Command className={styles.list} shouldFilter={false} loop label={label}>
      <Command.Input
        autoFocus
        className={styles.search}
        placeholder={placeholder}
        value={search}
        onValueChange={searchFor}
      />
      <Command.List className={styles.items} label={label}>
        {first !== undefined && typed === "" && (
          <Row id="first" name={first} chosen={chosen.includes("")} onPick={() => pick("")} />
        )}
        {shown.map((one, index) => (
          <Row
            key={one.name}
            id={`n${index}`}
            name={one.name}
            count={one.count}
            unit={one.unit}
            lastSeen={one.lastSeen}
            chosen={chosen.includes(one.name)}
            onPick={() => pick(one.name)}
          />
        ))}
        {free && <Row id="free" name={`Use “${typed}”`} chosen={false} onPick={() => pick(typed)} />}
      </Command.List>
      {source.loading && <Skeleton />}
      {source.error != null && <p className={styles.note}>{readError(source.error).message} {freeTextMax > 0 && "You can type a name."}</p>}
      {!source.loading && source.error == null && source.names.length === 0 && typed === "" && (
        <p className={styles.note}>{empty}</p>
      )}
    </Command>
  );
}

interface RowProps extends Named {
  id: string;
  chosen: boolean;
  onPick(): void;
}

function Row({ id, name, count, unit = "events", lastSeen, chosen, onPick }: RowProps) {
  const shown = name === "" ? "(empty text)" : name;
  return (
    <Command.Item className={styles.item} value={id} onSelect={onPick} data-chosen={chosen || undefined}>
      <span className={styles.itemName} title={shown}>
        {shown}
      </span>
      {count !== undefined && (
        <span className={styles.itemDetail}>
          <Num value={count} unit={unit} />
        </span>
      )}
      {lastSeen && <LastSeen time={lastSeen} />}
      {chosen && <Check size={14} aria-label="chosen" />}
    </Command.Item>
  );
}

/** Told once, when the list is opened: a clock in every row would be dear. */
function LastSeen({ time }: { time: Timestamp }) {
  const timeZone = useTimeZone();
  const date = toDate(time);
  return (
    <time className={styles.itemTime} dateTime={date.toISOString()} title={`Last seen ${absoluteTime(date, timeZone)}`}>
      {relativeTime(date, new Date(), timeZone)}
    </time>
  );
}

function Skeleton() {
  return (
    <div className={styles.skeletons} role="status" aria-label="Loading">
      <span />
      <span />
      <span />
    </div>
  );
}
