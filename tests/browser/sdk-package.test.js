// The npm package as another project has it: packed, installed, type-checked, bundled, and run in a page.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { eventually } from "./harness/eventually.js";
import { Ledger } from "./harness/ledger.js";
import { WRITE_KEY } from "./harness/observe.js";
import { startProxy } from "./harness/proxy.js";
import { openWorld } from "./harness/world.js";

const SDK = fileURLToPath(new URL("../../sdk/browser/", import.meta.url));
const TOOLS = join(SDK, "node_modules/.bin/");
const run = promisify(execFile);

/** An application that uses all of the package. */
const APPLICATION = (host) => `
import { autocapture, init, outboundLinks, webVitals, type Client, type Options, type Properties } from "@observe/browser";

const options: Options = { key: "${WRITE_KEY}", host: "${host}" };
const observe: Client = init(options);
autocapture(observe);
outboundLinks(observe);
webVitals(observe);
const properties: Properties = { plan: "pro", seats: 3 };
observe.register(properties);
const ids: { anonymousId: string; userId?: string; sessionId: string } | undefined = observe.ids();
const isOut: boolean = observe.hasOptedOut();
Object.assign(window, { observe: (name: string, ...args: unknown[]) => observe[name as "track"](...(args as [string])), ids, isOut });
// What frameworks do in development: the set-up runs twice.
autocapture(init(options));
`;
/** What the types have to refuse. */
const WRONG = `
import { init } from "@observe/browser";
// @ts-expect-error there is no client without a key
init({ host: "https://observe.example.com" });
// @ts-expect-error it is no option of the package, but a function
init({ key: "k", host: "h", autocapture: true });
// @ts-expect-error an event has a name
init({ key: "k", host: "h" }).track();
`;
const LEAN = `import { init } from "@observe/browser"; init({ key: "k", host: "https://observe.example.com" }).track("lean");`;

let folder;
let proxy;
const world = openWorld({}, async ({ observe, site }) => {
  proxy = await startProxy(observe.url);
  world.stopAtEnd(() => proxy.stop());
  folder = mkdtempSync(join(tmpdir(), "observe-package-"));
  world.stopAtEnd(() => rmSync(folder, { recursive: true, force: true }));
  site.head = "";
});

const read = (name) => readFileSync(join(folder, name), "utf8");
const write = (name, text) => writeFileSync(join(folder, name), text);
const bundle = (name) =>
  run(join(TOOLS, "esbuild"), [`${name}.ts`, "--bundle", "--minify", "--format=iife", `--outfile=${name}.js`], { cwd: folder });

world.test("what is packed is whole, and installs into an empty project", async (t) => {
  // As it was built for the program: scripts are left out, so that tests of other files find what they serve.
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: SDK });
  const packed = JSON.parse(stdout);
  const [{ filename, files, size }] = Array.isArray(packed) ? packed : Object.values(packed);
  const names = files.map(({ path }) => path);
  for (const name of ["package.json", "README.md", "LICENSE", "NOTICE.md", "dist/index.js", "dist/observe.js", "dist/observe-extras.js", "dist/types/index.d.ts"]) {
    assert.ok(names.includes(name), `${name} is missing in ${names}`);
  }
  assert.ok(names.every((name) => !/^(src|test|scripts|node_modules)/.test(name)), names.join());
  t.diagnostic(`figure package: ${size} bytes packed, ${files.length} files`);
  write("package.json", '{ "name": "empty", "private": true, "type": "module" }');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(folder, filename.replace(/^@/, "").replace("/", "-"))], { cwd: folder });
  const installed = JSON.parse(read("node_modules/@observe/browser/package.json"));
  assert.equal(installed.dependencies, undefined, "it needs nothing else");
});

world.test("its types accept what is right and refuse what is wrong", async () => {
  write("application.ts", APPLICATION(proxy.url));
  write("wrong.ts", WRONG);
  const strict = { strict: true, noEmit: true, target: "ES2022", lib: ["ES2022", "DOM"], types: [], skipLibCheck: false };
  for (const moduleResolution of ["bundler", "node16"]) {
    const module = moduleResolution === "bundler" ? "ESNext" : "node16";
    write("tsconfig.json", JSON.stringify({ compilerOptions: { ...strict, module, moduleResolution }, include: ["*.ts"] }));
    await run(join(TOOLS, "tsc"), ["-p", "."], { cwd: folder }).catch(({ stdout }) => assert.fail(`${moduleResolution}: ${stdout}`));
  }
});

world.test("rendered on a server it does nothing", async () => {
  write("server.mjs", `import { init, autocapture, outboundLinks, webVitals } from "@observe/browser";
    const observe = init({ key: "k", host: "https://observe.example.com" });
    for (const watch of [autocapture, outboundLinks, webVitals]) watch(observe);
    observe.track("one");
    console.log(String(observe.ids()));`);
  const { stdout, stderr } = await run(process.execPath, ["server.mjs"], { cwd: folder });
  assert.deepEqual([stdout, stderr], ["undefined\n", ""]);
});

world.test("what is not imported is not bundled", async (t) => {
  write("lean.ts", LEAN);
  await Promise.all([bundle("lean"), bundle("application")]);
  const sizes = ["lean", "application"].map((name) => gzipSync(read(`${name}.js`), { level: 9 }).length);
  t.diagnostic(`figure bundled: init alone ${sizes[0]} bytes gzipped, everything ${sizes[1]}`);
  for (const word of ["$autocapture", "$outbound_link", "$web_vitals", "largest-contentful-paint"]) {
    assert.ok(!read("lean.js").includes(word), `${word} is in the lean bundle`);
    assert.ok(read("application.js").includes(word));
  }
});

world.test("bundled into a page it records all of it, once", async () => {
  const ledger = new Ledger(world.observe, "packaged");
  world.site.more["/application.js"] = { type: "text/javascript", body: read("application.js") };
  world.site.more["/bundled"] = {
    title: "Bundled",
    body: `<button id="press">Press</button> <a href="${world.observe.url}/healthz">Elsewhere</a><script src="/application.js"></script>`,
  };
  const page = await world.open();
  await page.goto(`${world.site.url}/bundled`);
  await ledger.track(page, 12);
  assert.deepEqual(await page.evaluate(() => [typeof ids.anonymousId, isOut]), ["string", false]);
  await page.getByRole("button", { name: "Press" }).click();
  await page.getByRole("link", { name: "Elsewhere" }).click();
  await page.waitForURL(/healthz/);
  await page.goto(`${world.site.url}/bundled`);
  await ledger.settled(page);
  const once = (name) => new Set(proxy.events().filter((event) => event.name === name).map(({ uuid }) => uuid)).size;
  await eventually("all of it", () => once("$web_vitals") > 0 && once("$outbound_link") > 0);
  assert.deepEqual(["$pageview", "$autocapture", "$outbound_link", "$web_vitals"].map(once), [2, 2, 1, 1]);
  const [{ properties }] = proxy.events().filter(({ name }) => name === "$autocapture");
  assert.deepEqual([properties.$el_text, properties.plan], ["Press", "pro"]);
  assert.deepEqual(world.faults(), []);
  await page.context().close();
});
