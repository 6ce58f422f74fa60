import { createContext, useContext } from "react";
import { localTimeZone } from "@/format/time";

/** The time zone that times are shown in: the project's inside a project, else the browser's. */
export const TimeZoneContext = createContext<string>(localTimeZone());

export function useTimeZone(): string {
  return useContext(TimeZoneContext);
}
