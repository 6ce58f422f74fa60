import { useMemo } from "react";
import { SelectField } from "@/components/SelectField";

export interface TimeZoneFieldProps {
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
  disabled?: boolean;
}

/** A time zone by its IANA name. */
export function TimeZoneField({ value, onChange, error, disabled }: TimeZoneFieldProps) {
  const options = useMemo(() => zones(value).map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") })), [value]);
  return (
    <SelectField
      label="Time zone"
      hint="Days, weeks and months of this project begin in it."
      value={value}
      onChange={onChange}
      error={error}
      disabled={disabled}
      options={options}
    />
  );
}

/** All that the browser knows; UTC first, and the present value even if the browser does not know it. */
function zones(present: string): string[] {
  return [...new Set(["UTC", present, ...Intl.supportedValuesOf("timeZone")])].filter(Boolean);
}
