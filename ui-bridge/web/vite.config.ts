import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";
import { pine_builtins } from "./build/pine_builtins.ts";
import { charting_library_slot, drop_dockview_themes, pregzip } from "./build/asset_plugins.ts";

/// `npm run dev` proxies the API to a gateway (or the mock) at this address.
const gateway = process.env.TT_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue(), pine_builtins(), charting_library_slot(), pregzip()],
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  css: { postcss: { plugins: [drop_dockview_themes()] } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the CSP allows no data: scripts or fonts
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    rollupOptions: { input: { index: "index.html", popout: "popout.html" } },
  },
  server: {
    port: 5173,
    proxy: {
      "/api": gateway,
      "/udf": gateway,
      "/health": gateway,
      "/stream": { target: gateway, ws: true },
    },
  },
  // a busy machine is slow, not wrong
  test: { include: ["src/**/*.test.ts"], environment: "node", testTimeout: 60_000 },
});
