import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { world } from "./world.ts";

// Everything below /static has its hash in its name and is kept for ever; only index.html is asked for again.
export default defineConfig({
  plugins: [react(), world()],
  build: {
    outDir: "../../src/firstframe/dashboard",
    emptyOutDir: true,
    assetsDir: "static",
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8090" } },
});
