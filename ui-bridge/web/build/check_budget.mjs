// Fails the build when what the first page load transfers is over budget.
// Initial = what index.html references (script, modulepreload, stylesheet).
import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const kilobyte = 1000;
const budget = { js: 200 * kilobyte, css: 15 * kilobyte, lazy_js: 130 * kilobyte };

const dist = new URL("../dist/", import.meta.url);
const html = await readFile(new URL("index.html", dist), "utf8");
if (/<script(?![^>]*\bsrc=)[^>]*>/.test(html) || /<style|\sstyle=|\son\w+=/.test(html)) {
  console.error("index.html has inline script or style: the CSP would block it");
  process.exit(1);
}
const initial = { js: 0, css: 0 };
for (const [, path, kind] of html.matchAll(/(?:src|href)="\/([^"]+\.(js|css))"/g)) {
  initial[kind] += gzipSync(await readFile(new URL(path, dist))).length;
}
let over = false;
for (const kind of ["js", "css"]) {
  const share = `${(initial[kind] / kilobyte).toFixed(1)} of ${budget[kind] / kilobyte} kB gz`;
  console.log(`initial ${kind}: ${share}`);
  if (initial[kind] === 0 || initial[kind] > budget[kind]) over = true;
}
for (const name of await readdir(new URL("assets/", dist))) {
  if (!name.endsWith(".js") || html.includes(name)) continue;
  const size = gzipSync(await readFile(new URL(`assets/${name}`, dist))).length;
  console.log(`lazy ${name}: ${(size / kilobyte).toFixed(1)} of ${budget.lazy_js / kilobyte} kB gz`);
  if (size > budget.lazy_js) over = true;
}
if (over) {
  console.error("over budget (or nothing was found to measure)");
  process.exit(1);
}
