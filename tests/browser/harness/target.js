import { spawn } from "node:child_process";
import { eventually } from "./eventually.js";

const PROGRAM = `require("node:http").createServer((_, response) => response.end("fine")).listen(Number(process.argv[1]), "127.0.0.1")`;

/** A process that answers on a port, to be watched, killed and revived. */
export class Target {
  #child;

  constructor(port) {
    this.url = `http://127.0.0.1:${port}/`;
    this.port = port;
  }

  async start() {
    this.#child = spawn(process.execPath, ["-e", PROGRAM, String(this.port)], { stdio: "ignore" });
    await eventually("the target to answer", async () => (await fetch(this.url)).ok);
  }

  kill() {
    this.#child?.kill("SIGKILL");
  }
}
