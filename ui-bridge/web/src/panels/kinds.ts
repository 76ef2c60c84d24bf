/// The kinds of panel a layout can hold. Ids are stored in layouts: never
/// rename one.

export type PanelId =
  | "chart" | "watchlist" | "details" | "trades" | "market" | "alerts" | "news"
  | "ticket" | "orders" | "executions" | "positions" | "accounts" | "risk" | "webhooks"
  | "editor" | "backtest" | "optimize" | "strategies"
  | "cluster" | "system" | "settings";

export interface PanelKind {
  id: PanelId;
  title: string;
  /// More than one may be open.
  many: boolean;
  /// Heading in the menu of panels.
  group: "Market" | "Trading" | "Research" | "System";
}

export const panel_kinds: readonly PanelKind[] = [
  { id: "chart", title: "Chart", many: true, group: "Market" },
  { id: "watchlist", title: "Watchlist", many: false, group: "Market" },
  { id: "details", title: "Quote", many: false, group: "Market" },
  { id: "trades", title: "Time & sales", many: false, group: "Market" },
  { id: "market", title: "Market hours", many: false, group: "Market" },
  { id: "alerts", title: "Alerts", many: false, group: "Market" },
  { id: "news", title: "News", many: false, group: "Market" },
  { id: "ticket", title: "Order ticket", many: false, group: "Trading" },
  { id: "orders", title: "Orders", many: false, group: "Trading" },
  { id: "executions", title: "Executions", many: false, group: "Trading" },
  { id: "positions", title: "Positions", many: false, group: "Trading" },
  { id: "accounts", title: "Accounts", many: false, group: "Trading" },
  { id: "risk", title: "Risk", many: false, group: "Trading" },
  { id: "webhooks", title: "Webhooks", many: false, group: "Trading" },
  { id: "editor", title: "Pine editor", many: false, group: "Research" },
  { id: "backtest", title: "Backtests", many: false, group: "Research" },
  { id: "optimize", title: "Optimisation", many: false, group: "Research" },
  { id: "strategies", title: "Strategies", many: false, group: "Research" },
  { id: "cluster", title: "Cluster", many: false, group: "System" },
  { id: "system", title: "System", many: false, group: "System" },
  { id: "settings", title: "Settings", many: false, group: "System" },
];

export function panel_kind(id: string): PanelKind | undefined {
  return panel_kinds.find((kind) => kind.id === id);
}
