import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("core and HTML5 adapter stay within 6 kB, gzipped", () => {
  expect(gzipSync(readFileSync("dist/html5.js"), { level: 9 }).length).toBeLessThanOrEqual(6_000);
});

test("what the server serves has no dependency to fetch", () => {
  for (const name of ["collector.js", "collector.mjs", "html5.js"]) {
    expect(readFileSync(`dist/${name}`, "utf8")).not.toMatch(/\bfrom\s*["']|\bimport\s*["'(]|\brequire\(/);
  }
});
