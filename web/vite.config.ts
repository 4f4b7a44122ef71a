import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { FIRST, chunkNames } from "./chunks";

// The server answers the API; `npm run dev` passes its calls on to one that runs at its default address.
const SERVER = process.env["TRACKER_URL"] ?? "http://127.0.0.1:8090";

const MAIN = fileURLToPath(new URL("src/main.tsx", import.meta.url));

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../server/tracker_server/static",
    emptyOutDir: true,
    target: "es2024",
    // the policy allows no data: in styles or scripts, and one request more costs nothing on localhost
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Plotly is a chunk of its own, and its size is watched by scripts/budget.mjs
    chunkSizeWarningLimit: 2000,
    // one file of styles for all pages: together they are half of what they weigh as sixty
    cssCodeSplit: false,
    manifest: true,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "start", test: FIRST, priority: 1 }, { name: chunkNames(MAIN) }] } } },
  },
  server: { proxy: { "/api": SERVER } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
