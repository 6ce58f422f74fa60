import type { LucideIcon } from "lucide-react";
import { Bug, ChartColumn, ChartLine, Gauge, Globe, HeartPulse, House, Inbox, LayoutDashboard, Plug, Radio, Settings, Users } from "@/components/icons";
import type { LazyPage } from "@/lazyPage";
import { pages } from "@/pages";

/** A page of a project that the rail, the palette and the keys lead to. */
export interface Place {
  /** The last part of the address. */
  page: string;
  name: string;
  icon: LucideIcon;
  /** `g` and this letter lead there. */
  letter: string;
  code: LazyPage;
  /** What else one might type to find it. */
  words?: string[];
}

export const PLACES: readonly Place[] = [
  { page: "overview", name: "Overview", icon: House, letter: "o", code: pages.overview },
  { page: "live", name: "Live", icon: Radio, letter: "l", code: pages.live },
  { page: "insights", name: "Insights", icon: ChartLine, letter: "i", code: pages.insights },
  { page: "people", name: "People", icon: Users, letter: "p", code: pages.people, words: ["persons", "users", "groups", "cohorts", "segments", "lists", "merge", "identify"] },
  { page: "dashboards", name: "Dashboards", icon: LayoutDashboard, letter: "b", code: pages.dashboards, words: ["boards", "tiles", "share"] },
  { page: "web", name: "Web", icon: Globe, letter: "w", code: pages.web, words: ["web analytics", "page views", "visitors", "referrers", "sources", "campaigns", "countries", "devices", "web vitals", "bounce rate"] },
  { page: "errors", name: "Errors", icon: Bug, letter: "e", code: pages.errors },
  { page: "endpoints", name: "Endpoints", icon: Gauge, letter: "a", code: pages.endpoints },
  { page: "uptime", name: "Uptime", icon: HeartPulse, letter: "u", code: pages.uptime },
  { page: "usage", name: "Usage", icon: ChartColumn, letter: "d", code: pages.usage },
  { page: "ingestion", name: "Ingestion", icon: Inbox, letter: "q", code: pages.ingestion, words: ["rejected events", "refused", "dead letters", "refused merges", "pipeline", "queue"] },
  { page: "install", name: "Install", icon: Plug, letter: "n", code: pages.install },
  { page: "settings", name: "Settings", icon: Settings, letter: "s", code: pages.projectSettings, words: ["keys", "privacy", "retention", "allowed origins", "alert channels", "time zone", "erasures", "deleted persons", "export", "download data", "parquet", "ndjson"] },
];

/** Whether the address is that page or something below it. */
export function isAt(location: string, page: string): boolean {
  if (page === "settings" && location.startsWith("/settings/")) return true;
  const parts = location.split("/");
  // Incidents are the other half of uptime.
  if (page === "uptime" && parts[3] === "incidents") return true;
  return parts[1] === "p" && parts[3] === page;
}
