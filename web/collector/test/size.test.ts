import { gzipSync } from "node:zlib";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("core and HTML5 adapter stay within 6 kB, gzipped", () => {
  expect(gzipSync(readFileSync("dist/html5.js"), { level: 9 }).length).toBeLessThanOrEqual(6_000);
});

test("what the server serves has no dependency to fetch", () => {
  for (const name of ["collector.js", "collector.mjs", "html5.js"]) {
    expect(readFileSync(`dist/${name}`, "utf8")).not.toMatch(/\bfrom\s*["']|\bimport\s*["'(]|\brequire\(/);
  }
});

test("types are found by every resolver, and a bundler keeps the classic script", () => {
  for (const name of readdirSync("src")) {
    expect([name, ...readFileSync(`src/${name}`, "utf8").matchAll(/from "\.[^"]*(?<!\.js)"/g)]).toEqual([name]);
  }
  const { sideEffects, exports } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(sideEffects).toContain(exports["./classic"]);
});
