// dist/: the npm entries (ESM) and the files that the server serves; sizes are printed.
// `--players FOLDER` also bundles the players with their adapters, for the pages of the tests.
import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { minify } from "terser";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const common = { bundle: true, minify: true, target: "es2020", legalComments: "none", define: { __VERSION__: JSON.stringify(version) } };
const entries = ["index", "core", "hls", "dash", "shaka", "videojs"].map((name) => `src/${name}.ts`);
const whole = { html5: "html5.js", served: "collector.mjs", classic: "collector.js" };

rmSync("dist", { recursive: true, force: true });
await build({ ...common, entryPoints: entries, format: "esm", splitting: true, outdir: "dist", chunkNames: "[name]-[hash]" });
for (const [entry, file] of Object.entries(whole)) {
  const classic = entry === "classic";
  const define = classic ? { ...common.define, "import.meta.url": "undefined" } : common.define;
  await build({ ...common, define, entryPoints: [`src/${entry}.ts`], format: classic ? "iife" : "esm", outfile: `dist/${file}` });
  const smaller = await minify(readFileSync(`dist/${file}`, "utf8"), {
    ecma: 2020,
    module: !classic,
    compress: { passes: 3, ecma: 2020, unsafe_arrows: true, keep_fargs: false, pure_getters: true, hoist_props: true, sequences: false },
  });
  writeFileSync(`dist/${file}`, smaller.code);
  console.log(file, gzipSync(smaller.code, { level: 9 }).length, "bytes gzipped");
}
const place = process.argv.indexOf("--players");
if (place > 0) {
  const define = { ...common.define, "process.env.NODE_ENV": '"production"' };
  const entryPoints = ["test/players/*.js", "test/players/*.jsx"];
  await build({ ...common, define, entryPoints, jsx: "automatic", format: "esm", outdir: process.argv[place + 1], logLevel: "error" });
}

const served = "../../src/firstframe/collector_js";
mkdirSync(served, { recursive: true });
for (const name of ["collector.js", "collector.mjs"]) cpSync(`dist/${name}`, `${served}/${name}`);
