import type { ReactNode } from "react";
import { Link } from "wouter";
import { useProject } from "@/hooks/useProject";
import { blocksSecurePages } from "./snippets";
import styles from "./install.module.css";

/** What usually is wrong when nothing arrives. */
export function Hints({ host }: { host: string }) {
  const { project, path } = useProject();
  const origins = project.allowedOrigins;
  return (
    <details className={styles.hints}>
      <summary>Nothing arrives?</summary>
      <ul>
        <Hint title="Did it arrive and was refused?">
          <Link href={path("ingestion")}>See what was refused</Link>, with the reason, what was sent and what to change.
        </Hint>
        <Hint title="Ask the snippet.">
          Add <code>data-debug</code> to the second line. The browser's console then says what is sent, and what is refused and why.
        </Hint>
        {origins.length > 0 && (
          <Hint title="Is the site allowed?">
            This project takes events from pages of {origins.slice(0, 3).join(", ")}
            {origins.length > 3 && ` and ${origins.length - 3} more`} only. <Link href={path("settings")}>Change it in the settings.</Link>
          </Hint>
        )}
        {blocksSecurePages(host) && (
          <Hint title="This address has no TLS.">
            Pages on https cannot send to <code>{host}</code>. Put a proxy with a certificate in front of Observe.
          </Hint>
        )}
        <Hint title="Does the site have a content security policy?">
          It needs <code>script-src {host}</code> and <code>connect-src {host}</code>, and a nonce for the first line.
        </Hint>
        <Hint title="Is there an ad blocker?">
          Some block every analytics script that is not the site's own. Serve the script and <code>/v1/events</code> from the site's own
          domain through a proxy, in one folder: events go where the script came from.
        </Hint>
      </ul>
    </details>
  );
}

function Hint({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li>
      <strong>{title}</strong> {children}
    </li>
  );
}
