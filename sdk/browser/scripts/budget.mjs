// Fails when a script that pages load is above its budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = { 'observe.js': 5_000, 'observe-extras.js': 6_000 };
for (const [name, budget] of Object.entries(BUDGET_BYTES)) {
  const script = readFileSync(new URL(`../dist/${name}`, import.meta.url));
  const size = gzipSync(script, { level: 9 }).length;
  console.log(`dist/${name}: ${script.length} bytes, ${size} gzipped, budget ${budget}`);
  if (size > budget) process.exitCode = 1;
}
