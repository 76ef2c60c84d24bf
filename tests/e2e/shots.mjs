import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { node_under_test } from "./lib/gateway_node.mjs";
import { command, open_terminal } from "./lib/terminal.mjs";

/// Pictures of every arrangement and every panel, in both themes and the two
/// screens that the layout is made for, for people to look at:
///     node shots.mjs FOLDER [dark|light] [1280x720|1920x1080|3840x2160]
/// The node is chosen as for the tests.

const [folder = "shots", only_theme, only_size] = process.argv.slice(2);
const themes = ["dark", "light"].filter((theme) => !only_theme || theme === only_theme);
const sizes = ["1280x720", "1920x1080", "3840x2160"].filter((size) => !only_size || size === only_size);
const layouts = ["market", "trading", "research", "monitoring"];
/// What “open” understands, and the file's name.
const panels = {
  chart: "chart", watchlist: "watchlist", quote: "details", "time": "trades", "market hours": "market", alerts: "alerts", news: "news", "order ticket": "ticket", orders: "orders",
  executions: "executions", positions: "positions", accounts: "accounts", risk: "risk", webhooks: "webhooks", "pine editor": "editor", backtests: "backtest", optimisation: "optimize",
  strategies: "strategies", cluster: "cluster", system: "system", settings: "settings",
};

/// Nothing is asked of the node any more and two frames are painted.
async function settled(page) {
  await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => {}); // a panel that polls is never idle
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
}

await mkdir(folder, { recursive: true });
const node = await node_under_test();
try {
  for (const size of sizes) {
    const [width, height] = size.split("x").map(Number);
    const terminal = await open_terminal(node.url, { viewport: { width, height } });
    const { page } = terminal;
    await page.locator("[data-testid=connection][data-state=live]").waitFor();
    const shoot = async (name) => {
      await settled(page);
      await page.screenshot({ path: join(folder, `${size}-${name}.png`) });
    };
    for (const theme of themes) {
      await command(terminal, `theme ${theme}`);
      for (const layout of layouts) {
        await command(terminal, `layout ${layout}`);
        await shoot(`${theme}-layout-${layout}`);
      }
      for (const [name, id] of Object.entries(panels)) {
        // one panel alone: its group is maximised and given back
        await command(terminal, "layout market");
        await command(terminal, `open ${name}`);
        const group = page.locator(".dv-groupview.dv-active-group");
        await group.getByRole("button", { name: "Maximise" }).click();
        await shoot(`${theme}-panel-${id}`);
        await group.getByRole("button", { name: "Restore size" }).click();
      }
    }
    await terminal.close();
  }
} finally {
  await node.stop();
}
