import { useDeferredValue, useState } from "react";
import { X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { Popover } from "@/components/Popover";
import { useEventDefinitions, usePropertyValues } from "@/components/query/definitions";
import { NameList } from "@/components/query/NameList";
import { PickerButton } from "@/components/query/PickerButton";
import { type PathSteps, PLACE_MAX } from "../question";
import styles from "../insights.module.css";

interface Props {
  /** Stands in front. */
  word: string;
  steps: PathSteps;
  /** Empty for anywhere. */
  value: string;
  onChange(place: string): void;
  label: string;
  wrong: boolean;
}

/** Chooses a place that paths begin or end at: a page, or an event. */
export function PlacePicker({ word, steps, value, onChange, label, wrong }: Props) {
  const [open, setOpen] = useState(false);
  const text = value === "" ? "Anywhere" : value;
  const pick = (place: string) => {
    setOpen(false);
    onChange(place);
  };
  const Places = steps === "pages" ? Pages : Events;
  return (
    <span className={styles.labelled}>
      <span className={styles.word}>{word}</span>
      <Popover bare width={340} label={label} open={open} onOpenChange={setOpen} trigger={<PickerButton text={text} empty={value === ""} wrong={wrong} aria-label={`${label}: ${text}`} />}>
        <Places steps={steps} chosen={value} onPick={pick} />
      </Popover>
      {value !== "" && <IconButton size="s" label={`${label} anywhere`} icon={<X aria-hidden />} onClick={() => onChange("")} />}
    </span>
  );
}

interface ListProps {
  steps: PathSteps;
  chosen: string;
  onPick(place: string): void;
}

function Pages({ chosen, onPick }: ListProps) {
  const [search, setSearch] = useState("");
  const source = usePropertyValues("event", "$pathname", useDeferredValue(search).trim(), "$pageview");
  return <NameList label="Pages" placeholder="Search pages" source={source} chosen={[chosen]} onPick={onPick} onSearch={setSearch} first="Anywhere" freeTextMax={PLACE_MAX} empty="No page was viewed lately. You can type its path." />;
}

function Events({ steps, chosen, onPick }: ListProps) {
  const { events, loading, error } = useEventDefinitions();
  const own = steps === "custom" ? events.filter(({ name }) => !name.startsWith("$")) : events;
  const names = own.map(({ name, eventCount, lastSeenTime }) => ({ name, count: eventCount, lastSeen: lastSeenTime }));
  return <NameList label="Events" placeholder="Search events" source={{ names, loading, error }} chosen={[chosen]} onPick={onPick} first="Anywhere" empty="No event has arrived yet. You can type a name." />;
}
