import { type ReactNode, useMemo, useState } from "react";
import { Popover } from "@/components/Popover";
import { useEventDefinitions } from "./definitions";
import { NameList } from "./NameList";
import { PickerButton } from "./PickerButton";

export interface EventPickerProps {
  /** The event's name; empty for any event; `null` while none is chosen. */
  value: string | null;
  onChange(name: string): void;
  /** Whether "any event" can be chosen. */
  allowAny?: boolean;
  /** Said while none is chosen. */
  placeholder?: string;
  /** What the choice is for, for who cannot see it. */
  label?: string;
  /** Marks a choice that the server refused. */
  wrong?: boolean;
  /** Stands in front. */
  icon?: ReactNode;
  /** Drawn without a border, for "add ...". */
  quiet?: boolean;
}

/** Chooses an event by its name: the one such control of the product. */
export function EventPicker(props: EventPickerProps) {
  const { value, onChange, allowAny = false, placeholder = "Choose an event", label = "Event", wrong, icon, quiet } = props;
  const [open, setOpen] = useState(false);
  const text = value === null ? placeholder : value === "" ? "Any event" : value;
  const button = (
    <PickerButton
      text={text}
      empty={value === null}
      wrong={wrong}
      icon={icon}
      quiet={quiet}
      aria-label={value === null ? text : `${label}: ${text}`}
    />
  );
  const pick = (name: string) => {
    setOpen(false);
    onChange(name);
  };
  return (
    <Popover bare width={340} label={label} open={open} onOpenChange={setOpen} trigger={button}>
      <EventList chosen={value} allowAny={allowAny} onPick={pick} />
    </Popover>
  );
}

/** Mounted only while open, so that names are not asked for before. */
function EventList({ chosen, allowAny, onPick }: { chosen: string | null; allowAny: boolean; onPick(name: string): void }) {
  const { events, loading, error } = useEventDefinitions();
  const names = useMemo(() => events.map(({ name, eventCount, lastSeenTime }) => ({ name, count: eventCount, lastSeen: lastSeenTime })), [events]);
  return (
    <NameList
      label="Events"
      placeholder="Search events"
      source={{ names, loading, error }}
      chosen={chosen === null ? [] : [chosen]}
      onPick={onPick}
      first={allowAny ? "Any event" : undefined}
      empty="No event has arrived yet. You can type a name; it counts once it comes."
    />
  );
}
