import { Command } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { Avatar } from "@/components/Avatar";
import { KeyHint } from "@/components/KeyHint";
import { ChartLine, HeartPulse, Keyboard, LayoutDashboard, Plus, Search, Users } from "@/components/icons";
import { useCohortEntries } from "@/features/cohorts/useCohortEntries";
import { useDashboardEntries } from "@/features/dashboards/useDashboardEntries";
import { useInsightEntries } from "@/features/insights/saved/useInsightEntries";
import { useMonitorEntries } from "@/features/uptime/useMonitorEntries";
import { useMe } from "@/hooks/useMe";
import { useProject } from "@/hooks/useProject";
import { byName } from "@/shell/byName";
import { PLACES } from "@/shell/places";
import { useUserEntries } from "@/shell/useUserEntries";
import overlay from "@/components/Overlay.module.css";
import styles from "@/shell/Palette.module.css";

/** Everything one can go to or do, by typing a few letters of it. */
export default function CommandPalette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const { projects } = useMe();
  const { project: current, path } = useProject();
  const [text, setText] = useState("");
  const [, navigate] = useLocation();
  const actions = useUserEntries().flatMap((entry) => (typeof entry === "object" && "label" in entry ? [entry] : []));
  const uptime = useMonitorEntries(text);
  const insights = useInsightEntries(text);
  const dashboards = useDashboardEntries(text);
  const cohorts = useCohortEntries(text);
  const [selected, setSelected] = useState("");
  const list = useRef<HTMLDivElement>(null);
  // Insights, dashboards, cohorts and monitors join the list a moment later than the rest, and above it; Enter goes to what stands on top then.
  useEffect(() => {
    const frame = requestAnimationFrame(() => setSelected(list.current?.querySelector("[cmdk-item]")?.getAttribute("data-value") ?? ""));
    return () => cancelAnimationFrame(frame);
  }, [text, uptime.monitors.length, insights.length, dashboards.length, cohorts.length]);
  const go = (to: string) => () => {
    onClose();
    navigate(to);
  };
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Portal>
        <Radix.Overlay className={overlay.overlay}>
          <Radix.Content className={styles.palette} aria-describedby={undefined}>
            <Radix.Title className="visually-hidden">Search and commands</Radix.Title>
            <Command label="Search and commands" loop filter={byName} value={selected} onValueChange={setSelected}>
              <div className={styles.input}>
                <Search aria-hidden />
                <Command.Input value={text} onValueChange={setText} placeholder="Go to a page, a project, or do something" />
              </div>
              <Command.List ref={list} className={styles.list} label="Results">
                <Command.Empty className={styles.empty}>Nothing has this name.</Command.Empty>
                <Command.Group heading="Pages">
                  {PLACES.map((place) => (
                    <Item key={place.page} icon={<place.icon aria-hidden />} name={place.name} onSelect={go(path(place.page))} keys={["g", place.letter]} words={place.words} />
                  ))}
                </Command.Group>
                <Command.Group heading="Saved insights">
                  {insights.map(({ id, name, to }) => (
                    <Item key={id} id={id} icon={<ChartLine aria-hidden />} name={name} onSelect={go(to)} />
                  ))}
                </Command.Group>
                <Command.Group heading="Dashboards">
                  {dashboards.map(({ id, name, to }) => (
                    <Item key={id} id={id} icon={<LayoutDashboard aria-hidden />} name={name} onSelect={go(to)} />
                  ))}
                </Command.Group>
                <Command.Group heading="Cohorts">
                  {cohorts.map(({ id, name, to }) => (
                    <Item key={id} id={id} icon={<Users aria-hidden />} name={name} onSelect={go(to)} />
                  ))}
                </Command.Group>
                <Command.Group heading="Monitors">
                  {uptime.monitors.map(({ id, name, to }) => (
                    <Item key={id} id={id} icon={<HeartPulse aria-hidden />} name={name} onSelect={go(to)} />
                  ))}
                </Command.Group>
                <Command.Group heading="Projects">
                  {projects
                    .filter((project) => project.id !== current.id)
                    .map((project) => (
                      <Item
                        key={project.id}
                        id={project.id}
                        icon={<Avatar name={project.name} seed={project.id} size={18} square />}
                        name={project.name}
                        onSelect={go(`/p/${project.id}/`)}
                      />
                    ))}
                </Command.Group>
                <Command.Group heading="Actions">
                  {uptime.actions.map(({ id, name, to }) => (
                    <Item key={id} icon={<Plus aria-hidden />} name={name} onSelect={go(to)} />
                  ))}
                  {actions.map((action) => (
                    <Item
                      key={String(action.label)}
                      icon={action.icon}
                      name={action.checked === undefined ? String(action.label) : `Theme: ${String(action.label).toLowerCase()}`}
                      onSelect={action.to ? go(action.to) : () => (onClose(), action.onSelect?.())}
                    />
                  ))}
                  <Item icon={<Keyboard aria-hidden />} name="List the keys" onSelect={onKeys} keys={["?"]} />
                </Command.Group>
                {text.trim() !== "" && (
                  <Command.Group heading="Search" forceMount>
                    <Item
                      id="people-search"
                      forceMount
                      icon={<Search aria-hidden />}
                      name={`Look for “${text.trim()}” among people`}
                      onSelect={go(`${path("people")}?q=${encodeURIComponent(text.trim())}`)}
                    />
                    <Item
                      id="errors-search"
                      forceMount
                      icon={<Search aria-hidden />}
                      name={`Look for “${text.trim()}” among errors`}
                      onSelect={go(`${path("errors")}?status=all&q=${encodeURIComponent(text.trim())}`)}
                    />
                  </Command.Group>
                )}
              </Command.List>
            </Command>
          </Radix.Content>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ItemProps {
  icon: ReactNode;
  name: string;
  onSelect: () => void;
  keys?: readonly string[];
  /** Tells apart things of the same name. */
  id?: string;
  /** What else finds it. */
  words?: string[] | undefined;
  /** Offered whatever was typed, below all that matches. */
  forceMount?: boolean;
}

function Item({ icon, name, onSelect, keys, id, words, forceMount }: ItemProps) {
  return (
    <Command.Item value={forceMount ? id : id ? `${name} ${id}` : name} keywords={words} onSelect={onSelect} className={styles.item} forceMount={forceMount}>
      {icon}
      <span className="truncate">{name}</span>
      {keys && <KeyHint keys={keys} />}
    </Command.Item>
  );
}
