import { Pencil, Plus, Trash2 } from "@/components/icons";
import type { MenuEntry } from "@/components/Menu";
import type { InsightAction } from "./InsightDialogs";

/** The menu of a saved insight. */
export function insightActions(onAct: (action: InsightAction) => void): MenuEntry[] {
  return [
    { label: "Add to a dashboard…", icon: <Plus aria-hidden />, onSelect: () => onAct("add") },
    { label: "Rename…", icon: <Pencil aria-hidden />, onSelect: () => onAct("rename") },
    "separator",
    { label: "Delete…", icon: <Trash2 aria-hidden />, danger: true, onSelect: () => onAct("delete") },
  ];
}
