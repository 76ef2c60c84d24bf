import { computed, watch } from "vue";
import type { Ref } from "vue";
import { alert_text, crossing_to } from "../../alerts/alert_form";
import type { Pointed } from "../../chart/price_chart";
import type { ChartLine, ChartMark } from "../../market/place";
import { format_price, grid_text } from "../../market/price_format";
import type { PriceRule } from "../../market/price_format";
import { exact_text } from "../../market/units";
import { use_alerts } from "../../stores/alerts";
import { use_asks } from "../../stores/asks";
import { use_dock } from "../../stores/dock";
import { use_settings } from "../../stores/settings";
import { use_ticket } from "../../stores/ticket";
import { use_trading } from "../../stores/trading";
import { chart_lines } from "../../trading/chart_lines";
import type { OrderForm } from "../../trading/order_form";
import type { MenuAction } from "./ContextMenu.vue";

/// Orders, positions, fills and alerts in a chart, and what the pointer does
/// with them.

interface ChartPart {
  symbol: Ref<string>;
  rule: Ref<PriceRule>;
  pointed: Ref<Pointed | undefined>;
  last_close(): number | undefined;
}

export function use_trade_marks({ symbol, rule, last_close }: ChartPart) {
  const trading = use_trading();
  const alerts = use_alerts();
  const settings = use_settings();
  const asks = use_asks();
  const dock = use_dock();

  const lines = computed(() => chart_lines(symbol.value, trading.working, trading.positions, alerts.active));

  /// Fills and alerts of the symbol, oldest first.
  const marks = computed<ChartMark[]>(() => {
    const seconds = (iso: string | null | undefined) => Math.floor(Date.parse(iso ?? "") / 1000);
    const fills = trading.executions.filter((one) => one.symbol === symbol.value).map((one): ChartMark => ({
      at: seconds(one.timestamp), kind: one.side.startsWith("buy") ? "buy" : "sell", text: `${exact_text(one.quantity)} @ ${format_price(one.price, rule.value)}`,
    }));
    const rung = alerts.alerts.filter((one) => one.symbol === symbol.value && one.last_triggered_at).map((one): ChartMark => ({
      at: seconds(one.last_triggered_at), kind: "alert", text: one.message || alert_text({ ...one, symbol: "" }),
    }));
    return [...fills, ...rung].filter(({ at }) => Number.isFinite(at)).sort((a, b) => a.at - b.at);
  });

  watch(() => trading.account_id, (id) => {
    if (id === "") return;
    trading.need_orders();
    trading.need_positions();
    trading.need_executions();
  }, { immediate: true });
  alerts.part.need();

  /// A line was dragged. Orders ask as the ticket does; what is refused jumps back.
  function move_line(line: ChartLine, price: number, put_back: () => void): void {
    const text = grid_text(price, rule.value);
    if (line.kind === "alert") return void alerts.move(line.id ?? "", text).then((ok) => ok || put_back());
    const order = trading.order_of(line.id ?? "");
    const { field } = line;
    if (!order || !field) return put_back();
    const move = () => void trading.move_order(order, field, text).then((ok) => ok || put_back());
    const is_live = order.account_mode === "live" || trading.accounts.get(order.account_id)?.mode === "live";
    put_back();
    if (!is_live && !settings.confirm_paper) return move();
    const what = `${order.side.replaceAll("_", " ")} ${exact_text(order.remaining_quantity ?? order.quantity)} ${order.symbol}`;
    asks.ask({
      title: is_live ? "Move a LIVE order?" : "Move this paper order?", yes: "Move", run: move,
      text: `${what}: ${field === "price" ? "limit" : "stop"} from ${format_price(line.price, rule.value)} to ${text}, account ${order.account_id}.`,
    });
  }

  function alert_at(price: number | undefined): void {
    const value = price === undefined ? "" : grid_text(price, rule.value);
    alerts.open_form({ symbol: symbol.value, condition_value: value, condition: crossing_to(price ?? 0, last_close()) });
    dock.show_panel("alerts");
  }

  function order_at(draft: Partial<OrderForm>): void {
    use_ticket().fill({ symbol: symbol.value, ...draft });
    dock.show_panel("ticket");
  }

  /// What the menu at a price offers.
  function actions_at(price: number, add_line: (price: number) => void): MenuAction[] {
    const text = grid_text(price, rule.value);
    const shown = format_price(Number(text), rule.value);
    const is_below = price < (last_close() ?? price);
    const [buy, sell] = is_below ? (["limit", "stop"] as const) : (["stop", "limit"] as const);
    const at = (type: "limit" | "stop") => (type === "limit" ? { type, price: text } : { type, stop_price: text });
    return [
      { label: `Alert at ${shown}`, run: () => alert_at(price) },
      { label: `Buy, ${buy} ${shown}…`, run: () => order_at({ side: "buy", ...at(buy) }) },
      { label: `Sell, ${sell} ${shown}…`, run: () => order_at({ side: "sell", ...at(sell) }) },
      { label: `Line at ${shown}`, run: () => add_line(Number(text)) },
    ];
  }

  return { lines, marks, move_line, alert_at, actions_at };
}
