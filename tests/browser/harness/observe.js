import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.js";

const BINARY = process.env.OBSERVE_BINARY ?? fileURLToPath(new URL("../../../target/debug/observe", import.meta.url));
const START_MS = 90_000;
const STOP_MS = 20_000;
/** The data folder's files that hold the number of a store's process. */
const STORE_PIDS = ["postgres.pid", "queue.pid", "cache.pid"];

/** What `bootstrapped` servers are made with. */
export const OWNER = { email: "owner@example.com", password: "correct horse battery staple" };
export const WRITE_KEY = "obs_pub_0123456789abcdefABCDEF";
export const SECRET_KEY = "obs_sec_0123456789abcdefABCDEF";

const running = new Set();
process.once("exit", () => running.forEach((observe) => observe.kill()));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Starts `observe up` on an empty data folder, with more settings in `env`. Stop it in an `after` hook. */
export async function startObserve({ bootstrapped = true, env = {} } = {}) {
  // Postgres runs as another user when this runs as root, and has to pass through.
  const folder = mkdtempSync("/tmp/observe-browser-");
  chmodSync(folder, 0o711);
  const observe = new Observe(folder, await freePort());
  running.add(observe);
  try {
    await observe.start({ ...(bootstrapped ? bootstrap() : {}), ...env });
  } catch (error) {
    await observe.stop();
    throw error;
  }
  return observe;
}

class Observe {
  #child;
  #output = "";

  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(env) {
    /** When the program was started, by `performance.now()`. */
    this.startedAt = performance.now();
    this.#child = spawn(BINARY, ["up"], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, OBSERVE_LISTEN: `127.0.0.1:${this.port}`, OBSERVE_DATA_DIR: join(this.folder, "data"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on("data", (text) => (this.#output += text));
    this.#child.on("error", (error) => (this.#output += error.message));
    await eventually("observe to be ready", () => this.#isReady(), START_MS).catch((error) => {
      throw new Error(`${error.message}\n${this.#output.slice(-4_000)}`);
    });
  }

  /** The one-time link that it printed, for an empty database. */
  setupLink() {
    return eventually("the setup link", () => /http\S+\/setup\?token=\S+/.exec(this.#output)?.[0]);
  }

  /** Everything that it printed. */
  output() {
    return this.#output;
  }

  /** Calls an RPC as JSON with a key; answers the response as JSON. */
  async call(method, body = {}, token = SECRET_KEY) {
    const answer = await fetch(`${this.url}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }

  /** Sends events as a server would; fails unless all are accepted. */
  async capture(events, key = WRITE_KEY) {
    const answer = await fetch(`${this.url}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(events),
    });
    const body = await answer.text();
    if (answer.status !== 202 || JSON.parse(body).accepted !== events.length) throw new Error(`capture answered ${answer.status}: ${body}`);
  }

  /** Waits until so many events are stored and none is on its way. */
  stored(count, token = SECRET_KEY) {
    return eventually(`${count} events to be stored`, async () => {
      const status = await this.call("observe.events.v1.PipelineService/GetPipelineStatus", {}, token);
      return Number(status.stored ?? 0) >= count && Number(status.pending ?? 0) === 0 && status;
    });
  }

  async stop() {
    if (!running.delete(this)) return;
    const child = this.#child;
    if (child?.exitCode === null && child.signalCode === null && child.kill("SIGTERM")) {
      const ended = () => child.exitCode !== null || child.signalCode !== null;
      await eventually("observe to end", ended, STOP_MS).catch(() => undefined);
    }
    this.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Ends what is left, stores included: at once, without waiting. */
  kill() {
    if (this.#child?.exitCode === null) this.#child.kill("SIGKILL");
    for (const name of STORE_PIDS) killStore(join(this.folder, "data", name), join(this.folder, "data"));
  }

  async #isReady() {
    if (this.#child.exitCode !== null) throw new Error("observe ended");
    return (await fetch(`${this.url}/readyz`)).ok;
  }
}

function bootstrap() {
  return {
    OBSERVE_BOOTSTRAP_EMAIL: OWNER.email,
    OBSERVE_BOOTSTRAP_PASSWORD: OWNER.password,
    OBSERVE_BOOTSTRAP_WRITE_KEY: WRITE_KEY,
    OBSERVE_BOOTSTRAP_SECRET_KEY: SECRET_KEY,
  };
}

/** Kills a store by the number in its file, if that process still is one of this folder: numbers are used again. */
function killStore(pidFile, folder) {
  try {
    const pid = Number(readFileSync(pidFile, "utf8").trim());
    const isOurs = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    if (pid > 1 && isOurs) process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, as it should.
  }
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
