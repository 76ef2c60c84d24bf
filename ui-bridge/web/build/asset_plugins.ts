import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzip } from "node:zlib";
import { promisify } from "node:util";
import type { Plugin as PostcssPlugin, Rule } from "postcss";
import type { Plugin } from "vite";

const gzip_async = promisify(gzip);

/// Text assets the gateway serves from a `.gz` sibling. Fonts and images are
/// compressed formats already.
const compressible = /\.(?:js|css|html|svg|json|webmanifest|map)$/;

/// A gzip that is not smaller than this share of the original is not kept.
const worthwhile_ratio = 0.95;

/// Writes `FILE.gz` beside every text file of the build, so that the gateway
/// sends compressed assets without compressing anything at run time.
export function pregzip(): Plugin {
  let out_dir = "dist";
  return {
    name: "pregzip",
    apply: "build",
    configResolved(config) {
      out_dir = config.build.outDir;
    },
    async closeBundle() {
      const entries = await readdir(out_dir, { recursive: true, withFileTypes: true });
      for (const entry of entries) {
        if (!entry.isFile() || !compressible.test(entry.name)) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        const raw = await readFile(path);
        const packed = await gzip_async(raw, { level: constants.Z_BEST_COMPRESSION });
        if (packed.length < raw.length * worthwhile_ratio) await writeFile(`${path}.gz`, packed);
      }
    },
  };
}

/// Says in the page whether TradingView's licensed library was put into
/// `public/charting_library`: asking for a file that is not there would be an
/// error in every console.
export function charting_library_slot(): Plugin {
  return {
    name: "charting-library-slot",
    transformIndexHtml: (html) => html.replace('name="tt-charting-library" content=""', `name="tt-charting-library" content="${existsSync("public/charting_library/charting_library.standalone.js") ? "/charting_library/" : ""}"`),
  };
}

/// Drops the themes that dockview's stylesheet ships and this app does not use
/// (our own theme is in styles/dockview_theme.css). Saves most of that file.
export function drop_dockview_themes(): PostcssPlugin {
  const foreign_theme = /\.dockview-theme-(?!tt\b)/;
  return {
    postcssPlugin: "drop-dockview-themes",
    Rule(rule: Rule) {
      const kept = rule.selectors.filter((selector) => !foreign_theme.test(selector));
      if (kept.length === 0) rule.remove();
      else if (kept.length < rule.selectors.length) rule.selectors = kept;
    },
  };
}
