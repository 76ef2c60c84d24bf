import type { Alert, AlertStatus } from "../api/alert_types";
import type { StreamMessage } from "../stream/types";
import { rows_of } from "../trading/fold";

/// Alerts as the gateway tells them: a list read once, then one at a time.

export const alerts_kept = 1_000;

export function is_alert(row: unknown): row is Alert {
  const { alert_id, id, alert_status } = (row ?? {}) as Record<string, unknown>;
  return (typeof alert_id === "string" || typeof id === "string") && typeof alert_status === "string";
}

const id_of = (alert: Alert): string => alert.alert_id ?? (alert as unknown as { id: string }).id;

/// Puts alerts in by id; one whose count of triggers is lower is older news.
export function put_alerts(known: ReadonlyMap<string, Alert>, fresh: readonly unknown[]): Map<string, Alert> {
  const rows = new Map(known);
  for (const row of fresh) {
    if (!is_alert(row)) continue;
    const alert_id = id_of(row);
    const before = rows.get(alert_id);
    if (before && (row.trigger_count ?? 0) < (before.trigger_count ?? 0)) continue;
    rows.set(alert_id, { ...before, ...row, alert_id });
  }
  for (const oldest of [...rows.keys()].slice(0, Math.max(0, rows.size - alerts_kept))) rows.delete(oldest);
  return rows;
}

/// Folds messages of the channel in.
/// @return the rows and the alerts that have triggered just now.
export function fold_alerts(known: ReadonlyMap<string, Alert>, batch: readonly StreamMessage[]): { rows: Map<string, Alert>; triggered: Alert[] } {
  let rows = new Map(known);
  const triggered: Alert[] = [];
  for (const { data, snapshot } of batch) {
    for (const row of rows_of(data, "alerts")) {
      const told = row as Record<string, unknown> | null;
      const gone = told?.["event"] === "deleted" || told?.["status"] === "deleted";
      const id = told?.["alert_id"] ?? told?.["id"];
      if (gone && typeof id === "string") {
        rows.delete(id);
        continue;
      }
      if (!is_alert(row)) continue;
      const before = rows.get(id_of(row));
      rows = put_alerts(rows, [row]);
      const is_notice = told?.["event"] === "notice" && !before;
      if (!snapshot && (is_notice || (row.trigger_count ?? 0) > (before?.trigger_count ?? 0))) triggered.push(rows.get(id_of(row))!);
    }
  }
  return { rows, triggered };
}

const ranks: Record<AlertStatus, number> = { active: 0, triggered: 1, paused: 2, expired: 3, cancelled: 4 };

/// What waits first, then by symbol, then newest.
export function sorted_alerts(rows: ReadonlyMap<string, Alert>): Alert[] {
  return [...rows.values()].sort((a, b) =>
    (ranks[a.alert_status] ?? 9) - (ranks[b.alert_status] ?? 9) || (a.symbol ?? "").localeCompare(b.symbol ?? "") || (b.created_at ?? "").localeCompare(a.created_at ?? ""));
}
