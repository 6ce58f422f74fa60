import { Link } from "wouter";
import { Lasting } from "@/components/Lasting";
import { Monitor_State } from "@/gen/observe/monitor/v1/monitor_pb";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { useProject } from "@/hooks/useProject";
import styles from "./monitor.module.css";

/** What is wrong now, before everything else; nothing while nothing is. */
export function Trouble({ monitor }: { monitor: Monitor }) {
  const { path } = useProject();
  const { state, stateSinceTime, lastCheck, incidentId } = monitor;
  const reason = lastCheck?.message ?? "";
  if (state !== Monitor_State.DOWN && state !== Monitor_State.UNKNOWN && state !== Monitor_State.PENDING) return null;
  // A monitor that was made a moment ago is pending, too, and nothing is wrong with it.
  if (state === Monitor_State.PENDING && !reason) return null;
  const isDown = state === Monitor_State.DOWN;
  return (
    <div className={isDown ? styles.down : styles.unsure} role="status">
      <span aria-hidden>{isDown ? "●" : state === Monitor_State.PENDING ? "◐" : "○"}</span>
      <p>
        <strong>
          {isDown ? "Down for " : state === Monitor_State.PENDING ? "Failing and being tried again for " : "Unknown for "}
          <Lasting since={stateSinceTime} />
        </strong>
        {reason && <span>{reason}</span>}
      </p>
      {incidentId && <Link href={path(`incidents/${incidentId}`)}>See the incident</Link>}
    </div>
  );
}
