import { Card } from "@/components/Card";
import { CodeBlock } from "@/components/CodeBlock";
import { durationMs } from "@/format/time";
import type { HeartbeatTarget, Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { cronLine } from "./cron";
import { lengthWords } from "./monitorState";
import styles from "./monitor.module.css";

/** Where the program has to call, and how a cron job does it. */
export function HeartbeatCard({ target, monitor }: { target: HeartbeatTarget; monitor: Monitor }) {
  const seconds = (length: typeof target.grace, fallback: number) => (length ? Math.round(durationMs(length) / 1_000) : fallback);
  const interval = seconds(monitor.interval, 60);
  const grace = seconds(target.grace, 60);
  const silence = grace > 0 ? `${lengthWords(interval)} and ${lengthWords(grace)}` : lengthWords(interval);
  if (target.path === "") {
    return (
      <Card title="Address to call">
        <p className="muted">Only who may change this monitor sees its address: whoever has it can report for the program.</p>
      </Card>
    );
  }
  const url = `${window.location.origin}${target.path}`;
  return (
    <Card
      title="Address to call"
      description={`Call it by GET or POST whenever the work is done. It counts as down after a silence of ${silence}. Keep it to yourself: whoever has it can report for the program.`}
    >
      <div className="stack">
        <CodeBlock code={url} label="Heartbeat address" />
        <div>
          <p className={styles.caption}>In a crontab: called when the job has succeeded</p>
          <CodeBlock code={cronLine(interval, url)} language="shell" label="Crontab line" />
        </div>
        <p className="muted">
          With <code>/start</code> behind the address it says that the work begins, with <code>/fail</code> that it has failed: an incident then opens at once.
        </p>
      </div>
    </Card>
  );
}
