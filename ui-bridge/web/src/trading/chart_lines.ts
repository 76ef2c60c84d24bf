import type { Alert } from "../api/alert_types";
import { is_price_alert } from "../alerts/alert_form";
import type { Order, Position } from "../api/trading_types";
import type { ChartLine } from "../market/place";
import { is_number } from "../market/price_format";
import { exact_text } from "../market/units";

/// Working orders, positions and waiting alerts of a symbol as prices in its
/// chart. A stop limit stands at its stop, until that was touched: that price
/// decides first. What has a price of its own may be dragged; a trailing stop
/// follows the market.
export function chart_lines(symbol: string, working: readonly Order[], positions: readonly Position[], alerts: readonly Alert[] = []): ChartLine[] {
  const orders = working.flatMap((order): ChartLine[] => {
    const stop = order.is_triggered ? undefined : order.stop_price;
    const price = stop ?? order.price;
    if (order.symbol !== symbol || !is_number(price)) return [];
    const left = order.remaining_quantity ?? order.quantity;
    const waits_here = Boolean(order.leg) && order.state === "created"; // a leg that has not gone out
    const movable = order.order_type !== "trailing_stop" && (order.status !== "pending" || waits_here);
    return [{
      price, kind: order.side.startsWith("buy") ? "buy" : "sell", text: `${order.order_type.replaceAll("_", " ")} ${exact_text(left)}`, id: order.order_id,
      field: is_number(stop) ? "stop_price" : "price", movable,
    }];
  });
  const held = positions.flatMap((position): ChartLine[] =>
    position.symbol === symbol && is_number(position.avg_price) ? [{ price: position.avg_price, kind: "position", text: `${position.side} ${exact_text(Math.abs(position.quantity))}` }] : [],
  );
  const waiting = alerts.flatMap(({ alert_id, symbol: of, condition, condition_value, alert_status, auto_execute }): ChartLine[] =>
    of === symbol && alert_status === "active" && is_price_alert({ condition }) && is_number(condition_value)
      ? [{ price: condition_value, kind: "alert", text: auto_execute ? "alert, order" : "alert", id: alert_id, movable: true }] : [],
  );
  return [...held, ...orders, ...waiting];
}
