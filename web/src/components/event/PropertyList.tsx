import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { useMemo, useState } from "react";
import { CopyButton } from "@/components/CopyButton";
import { IconButton } from "@/components/IconButton";
import { Filter, History } from "@/components/icons";
import { TextField } from "@/components/TextField";
import { isAutomatic, valueText } from "./event";
import styles from "./event.module.css";

/** From so many properties on there is a search. */
const SEARCH_FROM = 10;
/** Longer values are cut until one asks for all of them. */
const SHOWN_CHARS = 400;

/** Shorter lists and objects stay in one line. */
const LINE_CHARS = 60;

export interface PropertyListProps {
  properties: JsonObject;
  /** Offers to filter by a property that has this value. */
  onFilter?: (key: string, value: string) => void;
  /** Offers to show how a property came to have its value. */
  onHistory?: (key: string) => void;
  /** Said when there are none. */
  empty?: string;
}

/** All properties: the site's own first, then what SDK and server added. Keys and values are hostile and only ever text. */
export function PropertyList({ properties, onFilter, onHistory, empty = "No properties." }: PropertyListProps) {
  const [search, setSearch] = useState("");
  const entries = useMemo(() => Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)), [properties]);
  const wanted = search.trim().toLowerCase();
  const found = wanted ? entries.filter(([key, value]) => `${key} ${valueText(value)}`.toLowerCase().includes(wanted)) : entries;
  const own = found.filter(([key]) => !isAutomatic(key));
  const automatic = found.filter(([key]) => isAutomatic(key));
  if (entries.length === 0) return <p className="muted">{empty}</p>;
  return (
    <div className={styles.properties}>
      {entries.length >= SEARCH_FROM && (
        <TextField label="Search properties" hideLabel type="search" placeholder="Search properties" value={search} onChange={setSearch} />
      )}
      {found.length === 0 && <p className="muted">No property has “{search}”.</p>}
      <Rows entries={own} onFilter={onFilter} onHistory={onHistory} />
      {automatic.length > 0 && own.length > 0 && <h3 className={styles.group}>Automatic</h3>}
      <Rows entries={automatic} onFilter={onFilter} onHistory={onHistory} />
    </div>
  );
}

function Rows({ entries, onFilter, onHistory }: { entries: readonly [string, JsonValue][] } & Pick<PropertyListProps, "onFilter" | "onHistory">) {
  if (entries.length === 0) return null;
  return (
    <dl className={styles.rows}>
      {entries.map(([key, value]) => (
        <div key={key} className={styles.property}>
          <dt title={key}>{key}</dt>
          <dd>
            <Value value={value} />
            <span className={styles.tools}>
              {onFilter && value !== null && typeof value !== "object" && (
                <IconButton size="s" label="Show only events with this" icon={<Filter aria-hidden />} onClick={() => onFilter(key, valueText(value))} />
              )}
              {onHistory && <IconButton size="s" label={`History of ${key}`} icon={<History aria-hidden />} onClick={() => onHistory(key)} />}
              <CopyButton text={valueText(value)} label="Copy value" />
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ value }: { value: JsonValue }) {
  const [whole, setWhole] = useState(false);
  if (value === "") return <span className={styles.nothing}>empty text</span>;
  if (value === null) return <span className={styles.nothing}>null</span>;
  const isStructure = typeof value === "object";
  const line = valueText(value);
  const text = isStructure && line.length > LINE_CHARS ? JSON.stringify(value, null, 2) : line;
  const cut = !whole && text.length > SHOWN_CHARS;
  return (
    <>
      <span className={isStructure ? styles.structure : typeof value === "string" ? undefined : styles.scalar}>
        {cut ? `${text.slice(0, SHOWN_CHARS)}…` : text}
      </span>
      {cut && (
        <button type="button" className={styles.more} onClick={() => setWhole(true)}>
          show all {text.length.toLocaleString("en")} characters
        </button>
      )}
    </>
  );
}
