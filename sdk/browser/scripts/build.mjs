// Builds dist/observe.js (the script tag, minified), dist/observe-extras.js (what that loads where it is asked for) and
// dist/index.js (the npm entry).
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const common = {
  bundle: true,
  target: 'es2020',
  define: { __VERSION__: JSON.stringify(version) },
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: new URL('..', import.meta.url).pathname,
};
await Promise.all([
  build({ ...common, entryPoints: ['src/snippet.ts'], outfile: 'dist/observe.js', format: 'iife', minify: true }),
  build({ ...common, entryPoints: ['src/extras.ts'], outfile: 'dist/observe-extras.js', format: 'esm', minify: true }),
  build({ ...common, entryPoints: ['src/index.ts'], outfile: 'dist/index.js', format: 'esm' }),
]);
