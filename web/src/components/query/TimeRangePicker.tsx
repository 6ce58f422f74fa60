import { useState } from "react";
import { Calendar, Check } from "@/components/icons";
import { Popover } from "@/components/Popover";
import { useNow } from "@/hooks/useNow";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { CustomRange } from "./CustomRange";
import { PickerButton } from "./PickerButton";
import { absoluteName, PRESET_NAMES, PRESETS, rangeName, resolveRange, type TimeRangeState } from "./range";
import { knownZone } from "./zone";
import styles from "./range.module.css";

export interface TimeRangePickerProps {
  value: TimeRangeState;
  onChange(range: TimeRangeState): void;
}

/** Chooses a range in the project's time zone: the one such control of the product. */
export function TimeRangePicker({ value, onChange }: TimeRangePickerProps) {
  const [open, setOpen] = useState(false);
  const zone = knownZone(useTimeZone());
  const now = useNow(60_000).getTime();
  const absolute = absoluteName(resolveRange(value, zone, now), zone);
  const pick = (range: TimeRangeState) => {
    setOpen(false);
    onChange(range);
  };
  return (
    <Popover
      bare
      width={340}
      align="end"
      label="Time range"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <PickerButton
          text={rangeName(value)}
          title={absolute}
          aria-label={`Time range: ${rangeName(value)}`}
          icon={<Calendar size={14} aria-hidden />}
        />
      }
    >
      <div className={styles.presets} role="group" aria-label="Ranges">
        {PRESETS.map((preset) => {
          const range: TimeRangeState = { kind: "preset", preset };
          const chosen = value.kind === "preset" && value.preset === preset;
          return (
            <button
              key={preset}
              type="button"
              className={styles.preset}
              aria-pressed={chosen}
              title={absoluteName(resolveRange(range, zone, now), zone)}
              onClick={() => pick(range)}
            >
              {PRESET_NAMES[preset]}
              {chosen && <Check size={14} aria-hidden />}
            </button>
          );
        })}
      </div>
      <CustomRange value={value} zone={zone} now={now} onApply={pick} />
      <p className={styles.zone}>Times are in {zone}.</p>
    </Popover>
  );
}
