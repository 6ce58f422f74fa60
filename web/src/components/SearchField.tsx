import { useEffect, useState } from "react";
import { TextField } from "@/components/TextField";

/** How long typing rests before it counts, in milliseconds. */
const TYPING_MS = 250;

export interface SearchFieldProps {
  /** For screen readers: "Search errors". */
  label: string;
  placeholder: string;
  value: string;
  onChange: (search: string) => void;
  /** In characters. */
  maxLength?: number;
  className?: string;
}

/** A search whose text counts when typing rests, or at once with Enter. */
export function SearchField({ label, placeholder, value, onChange, maxLength, className }: SearchFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => onChange(text), TYPING_MS);
    return () => window.clearTimeout(timer);
    // Only typing starts the clock; a value from elsewhere is taken over above.
  }, [text]);
  return (
    <TextField
      label={label}
      hideLabel
      type="search"
      placeholder={placeholder}
      className={className}
      maxLength={maxLength}
      spellCheck={false}
      autoComplete="off"
      value={text}
      onChange={setText}
      onKeyDown={(event) => event.key === "Enter" && onChange(text)}
    />
  );
}
