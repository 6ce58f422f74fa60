import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
const RUN_MS = 120_000;

/** Runs a program of the folder with the Python packages of its requirements.txt; answers what it printed. */
export async function runPython(folder, program, ...args) {
  const python = `${folder}.venv/bin/python`;
  if (!existsSync(python)) {
    await run("python3", ["-m", "venv", `${folder}.venv`], { timeout: RUN_MS });
    await run(python, ["-m", "pip", "install", "--quiet", "-r", `${folder}requirements.txt`], { timeout: RUN_MS });
  }
  return run(python, [`${folder}${program}`, ...args], { timeout: RUN_MS });
}

/** Runs a program of the folder with Node.js; answers what it printed. */
export function runNode(folder, program, ...args) {
  return run(process.execPath, [`${folder}${program}`, ...args], { timeout: RUN_MS });
}
