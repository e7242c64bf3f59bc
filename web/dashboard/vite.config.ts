import { readdirSync, rmSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";
import { world } from "./world.ts";

const OUT = "../../src/firstframe/dashboard";
const FILES = "static";

/** What was built before goes only when what is new is there: a server may be started at any moment. */
function tidy(): Plugin {
  return {
    name: "tidy",
    writeBundle({ dir = OUT }, bundle) {
      const old = readdirSync(`${dir}/${FILES}`).filter((name) => !(`${FILES}/${name}` in bundle));
      for (const name of old) rmSync(`${dir}/${FILES}/${name}`);
    },
  };
}

// Everything below /static has its hash in its name and is kept for ever; only index.html is asked for again.
export default defineConfig({
  plugins: [react(), world(), tidy()],
  build: {
    outDir: OUT,
    emptyOutDir: false,
    assetsDir: FILES,
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8090" } },
});
