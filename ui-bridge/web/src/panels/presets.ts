import type { PanelId } from "./kinds";

/// Arrangements of panels to start from.

export type PresetId = "market" | "trading" | "research" | "monitoring";

export interface Preset {
  id: PresetId;
  title: string;
  build(dock: PresetDock, size: ScreenSize): void;
}

/// Where a panel goes: beside, below or into the group of one already there.
export interface Placement {
  beside?: PanelId;
  direction?: "right" | "left" | "below" | "above" | "within";
  width?: number;
  height?: number;
  /// Behind the group's other tabs.
  behind?: boolean;
}

export interface PresetDock {
  add(id: PanelId, placement?: Placement): void;
}

export interface ScreenSize {
  width: number;
  height: number;
  /// Pixels of one rem.
  rem: number;
}

/// Below this height a column is tabs instead of rows.
const roomy_height_px = 820;
/// What the quote panel needs to show all of it, its tab included.
const quote_rem = 26.5;

/// What the ticket needs for a limit order and its preview.
const ticket_rem = 38;

export const presets: readonly Preset[] = [
  {
    id: "market", title: "Market",
    build(dock, { width, height, rem }) {
      const roomy = height >= roomy_height_px;
      dock.add("chart");
      dock.add("watchlist", { beside: "chart", direction: "right", width: Math.min(36 * rem, width * 0.36) });
      const trades = Math.max(height * 0.24, 13 * rem);
      dock.add("details", { beside: "watchlist", direction: "below", height: roomy ? quote_rem * rem + trades : Math.max(height * 0.5, quote_rem * rem) });
      if (roomy) dock.add("trades", { beside: "details", direction: "below", height: trades });
      else dock.add("trades", { beside: "details", direction: "within", behind: true });
      dock.add("market", { beside: "details", direction: "within", behind: true });
    },
  },
  {
    id: "trading", title: "Trading",
    build(dock, { width, height, rem }) {
      dock.add("chart");
      dock.add("watchlist", { beside: "chart", direction: "right", width: Math.min(27 * rem, width * 0.28) });
      dock.add("ticket", { beside: "watchlist", direction: "below", height: Math.min(Math.max(height * 0.6, ticket_rem * rem), height - 12 * rem) });
      dock.add("details", { beside: "watchlist", direction: "within", behind: true });
      dock.add("trades", { beside: "watchlist", direction: "within", behind: true });
      dock.add("positions", { beside: "chart", direction: "below", height: height * 0.32 });
      dock.add("orders", { beside: "positions", direction: "within", behind: true });
      dock.add("executions", { beside: "positions", direction: "within", behind: true });
      dock.add("accounts", { beside: "positions", direction: "within", behind: true });
      dock.add("alerts", { beside: "positions", direction: "within", behind: true });
      dock.add("risk", { beside: "positions", direction: "within", behind: true });
    },
  },
  {
    id: "research", title: "Research",
    build(dock, { width, height }) {
      dock.add("editor");
      dock.add("backtest", { beside: "editor", direction: "right", width: width * 0.58 });
      dock.add("optimize", { beside: "backtest", direction: "within", behind: true });
      dock.add("strategies", { beside: "backtest", direction: "within", behind: true });
      dock.add("chart", { beside: "editor", direction: "below", height: height * 0.4 });
    },
  },
  {
    id: "monitoring", title: "Monitoring",
    build(dock, { width, height }) {
      dock.add("cluster");
      dock.add("system", { beside: "cluster", direction: "right", width: width * 0.42 });
      dock.add("orders", { beside: "cluster", direction: "below", height: height * 0.56 });
      dock.add("executions", { beside: "orders", direction: "within", behind: true });
      dock.add("positions", { beside: "orders", direction: "within", behind: true });
      dock.add("strategies", { beside: "orders", direction: "within", behind: true });
      dock.add("webhooks", { beside: "orders", direction: "within", behind: true });
      dock.add("risk", { beside: "system", direction: "below", height: height * 0.56 });
      dock.add("market", { beside: "system", direction: "within", behind: true });
    },
  },
];

export const default_preset = presets[0]!;
