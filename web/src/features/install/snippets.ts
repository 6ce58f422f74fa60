import type { Language } from "@/components/highlight";

/** The ways to send the first event. */
export const WAYS = ["html", "curl", "javascript", "python", "go"] as const;
export type Way = (typeof WAYS)[number];

export const WAY_NAMES: Record<Way, string> = {
  html: "HTML snippet",
  curl: "curl",
  javascript: "JavaScript",
  python: "Python",
  go: "Go",
};

export interface Snippet {
  language: Language;
  code: string;
  /** Where it goes, and what happens then. */
  note: string;
}

/** Working code for this installation and this key. */
export function snippet(way: Way, host: string, key: string): Snippet {
  switch (way) {
    case "html":
      return {
        language: "html",
        note: "Put both lines into the <head> of every page. Page views are recorded from then on, also in single-page applications.",
        code: `<script>window.observe=window.observe||function(){(observe.q=observe.q||[]).push(arguments)}</script>
<script async src="${host}/observe.js" data-key="${key}"></script>`,
      };
    case "curl":
      return {
        language: "shell",
        note: "Run it in a shell. The answer says what was accepted.",
        code: `curl ${host}/v1/events \\
  -H 'authorization: Bearer ${key}' \\
  -d '{"anonymous_id": "visitor-1", "name": "hello", "properties": {"from": "curl"}}'`,
      };
    case "javascript":
      return {
        language: "javascript",
        note: "For code that is bundled. The package is sdk/browser in Observe's repository: npm install <path to it>.",
        code: `import { init } from '@observe/browser';

const observe = init({
  key: '${key}',
  host: '${host}',
});

observe.track('signed_up', { plan: 'pro' });
observe.identify('user-17', { email: 'ada@example.com' });`,
      };
    case "python":
      return {
        language: "python",
        note: "Needs the requests package. A uuid of your own makes a retry harmless.",
        code: `import requests, uuid

requests.post(
    "${host}/v1/events",
    headers={"authorization": "Bearer ${key}"},
    json={
        "uuid": str(uuid.uuid4()),
        "name": "signed_up",
        "user_id": "user-17",
        "properties": {"plan": "pro"},
    },
    timeout=10,
).raise_for_status()`,
      };
    case "go":
      return {
        language: "go",
        note: "The standard library is enough.",
        code: `package main

import (
	"fmt"
	"log"
	"net/http"
	"strings"
)

func main() {
	event := strings.NewReader(\`{"name": "signed_up", "user_id": "user-17", "properties": {"plan": "pro"}}\`)
	answer, err := http.Post("${host}/v1/events?key=${key}", "application/json", event)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
}`,
      };
  }
}

/** Whether pages served by https would be kept from sending to this host. */
export function blocksSecurePages(host: string): boolean {
  const { protocol, hostname } = new URL(host);
  return protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/.test(hostname);
}
