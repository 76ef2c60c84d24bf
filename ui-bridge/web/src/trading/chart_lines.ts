import type { Order, Position } from "../api/trading_types";
import type { ChartLine } from "../market/place";
import { is_number } from "../market/price_format";
import { exact_text } from "../market/units";

/// Working orders and positions of a symbol as prices in its chart. A stop
/// limit stands at its stop: that price decides first.
export function chart_lines(symbol: string, working: readonly Order[], positions: readonly Position[]): ChartLine[] {
  const orders = working.flatMap((order): ChartLine[] => {
    const price = order.stop_price ?? order.price;
    if (order.symbol !== symbol || !is_number(price)) return [];
    const left = order.remaining_quantity ?? order.quantity;
    return [{ price, kind: order.side.startsWith("buy") ? "buy" : "sell", text: `${order.order_type.replaceAll("_", " ")} ${exact_text(left)}` }];
  });
  const held = positions.flatMap((position): ChartLine[] =>
    position.symbol === symbol && is_number(position.avg_price) ? [{ price: position.avg_price, kind: "position", text: `${position.side} ${exact_text(Math.abs(position.quantity))}` }] : [],
  );
  return [...held, ...orders];
}
