// Compares gzip -9 sizes: what a page loads for page views and custom events. Installs the others into a temporary folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const PACKAGES = ['posthog-js@latest', '@sentry/browser@latest', 'plausible-tracker@latest', '@plausible-analytics/tracker@latest', '@segment/analytics-next@latest'];

const folder = mkdtempSync(join(tmpdir(), 'observe-sizes-'));
const rows = [];
const add = (name, what, code) => rows.push({ name, what, raw: code.length, gzip: gzipSync(code, { level: 9 }).length });

async function bundle(code) {
  writeFileSync(join(folder, 'entry.mjs'), code);
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'entry.mjs')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2019',
    write: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0].contents;
}

const version = (name) => JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;

async function other(name, what, make) {
  try {
    add(`${name} ${version(name)}`, what, await make(join(folder, 'node_modules', name)));
  } catch (fault) {
    rows.push({ name, what: `not measured: ${String(fault.message).split('\n')[0]}`, raw: 0, gzip: 0 });
  }
}

try {
  add('observe.js', 'script tag', readFileSync(new URL('../dist/observe.js', import.meta.url)));
  add('observe-extras.js', 'loaded where asked for', readFileSync(new URL('../dist/observe-extras.js', import.meta.url)));
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  for (const name of PACKAGES) {
    try {
      execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--silent', name], { cwd: folder, stdio: 'ignore' });
    } catch {
      // It shows in the table as not measured.
    }
  }
  await other('posthog-js', 'its array.js, as the snippet loads it', (dir) => readFileSync(join(dir, 'dist/array.js')));
  await other('posthog-js', 'bundled: init', () => bundle("import posthog from 'posthog-js'; posthog.init('k'); window.x = posthog"));
  await other('@sentry/browser', 'bundled: init, errors only', () =>
    bundle("import { init, captureException } from '@sentry/browser'; init({dsn:'x'}); window.x = captureException"),
  );
  await other('plausible-tracker', 'bundled: page views and events, no queue', () =>
    bundle("import P from 'plausible-tracker'; const p = P(); p.enableAutoPageviews(); window.x = p.trackEvent"),
  );
  await other('@plausible-analytics/tracker', 'bundled: page views and events, no queue', () =>
    bundle("import { init, track } from '@plausible-analytics/tracker'; init({domain:'x'}); window.x = track"),
  );
  await other('@segment/analytics-next', 'bundled: AnalyticsBrowser', () =>
    bundle("import { AnalyticsBrowser } from '@segment/analytics-next'; window.x = AnalyticsBrowser.load({writeKey:'k'})"),
  );
  console.log('| script | what | bytes | gzip -9 | times ours |\n| --- | --- | ---: | ---: | ---: |');
  for (const { name, what, raw, gzip } of rows) {
    console.log(`| ${name} | ${what} | ${raw || ''} | ${gzip || ''} | ${gzip ? (gzip / rows[0].gzip).toFixed(1) : ''} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
