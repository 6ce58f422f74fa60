import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where a running Observe answers while the dashboard is developed with `npm run dev`. */
const server = process.env.OBSERVE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // The content policy allows files of this origin only, so nothing may become a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    proxy: {
      "^/observe\\.[a-z]+\\.v1\\.": { target: server },
      "^/(session|observe\\.js|v1/events)$": { target: server },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
