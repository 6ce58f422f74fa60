// Fails when the script that pages load is above its budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 5_000;
const script = readFileSync(new URL('../dist/observe.js', import.meta.url));
const size = gzipSync(script, { level: 9 }).length;
console.log(`dist/observe.js: ${script.length} bytes, ${size} gzipped, budget ${BUDGET_BYTES}`);
if (size > BUDGET_BYTES) process.exit(1);
