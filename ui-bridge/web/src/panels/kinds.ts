/// The kinds of panel a layout can hold. Ids are stored in layouts: never
/// rename one.

export interface PanelKind {
  id: "chart" | "watchlist" | "details" | "trades" | "market";
  title: string;
  /// More than one may be open.
  many: boolean;
}

export const panel_kinds: readonly PanelKind[] = [
  { id: "chart", title: "Chart", many: true },
  { id: "watchlist", title: "Watchlist", many: false },
  { id: "details", title: "Quote", many: false },
  { id: "trades", title: "Time & sales", many: false },
  { id: "market", title: "Market hours", many: false },
];

export function panel_kind(id: string): PanelKind | undefined {
  return panel_kinds.find((kind) => kind.id === id);
}
