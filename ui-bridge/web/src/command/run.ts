import { panel_kinds } from "../panels/kinds";
import type { PanelId } from "../panels/kinds";
import { presets } from "../panels/presets";
import type { PresetId } from "../panels/presets";
import { use_alerts } from "../stores/alerts";
import { use_asks } from "../stores/asks";
import { use_backtests } from "../stores/backtests";
import { use_dock } from "../stores/dock";
import { use_notices } from "../stores/notices";
import { use_risk } from "../stores/risk";
import { use_scripts } from "../stores/scripts";
import { use_settings } from "../stores/settings";
import { use_strategies } from "../stores/strategies";
import { use_ticket } from "../stores/ticket";
import { use_trading } from "../stores/trading";
import { use_workspace } from "../stores/workspace";
import type { Command, CommandContext } from "./parse";

/// What a command does. Orders and everything that cannot be taken back only
/// open the ticket or a question.

export function command_context(): CommandContext {
  return { symbol: use_workspace().symbol, scripts: use_scripts().names, strategies: use_strategies().ids, panels: panel_kinds, presets };
}

export function run_command(command: Command): void {
  const workspace = use_workspace();
  const dock = use_dock();
  switch (command.kind) {
    case "show":
      workspace.show(command.symbol);
      workspace.chart?.set_timeframe(command.timeframe.id);
      return;
    case "timeframe":
      workspace.chart?.set_timeframe(command.timeframe.id);
      return;
    case "order":
      use_ticket().fill(command.draft);
      dock.go_to("ticket");
      return;
    case "close": case "flatten": case "cancel":
      return ask_first(command);
    case "stop":
      return use_risk().open_dialog();
    case "backtest":
      return void backtest(command);
    case "alert":
      return void use_alerts().create(command.request);
    case "strategy":
      return void steer_strategy(command);
    case "panel":
      return dock.go_to(command.id as PanelId);
    case "preset":
      return dock.arrange(command.id as PresetId);
    case "theme":
      return use_settings().set_theme(command.theme);
    case "help":
      workspace.help_open = true;
  }
}

function ask_first(command: Extract<Command, { kind: "close" | "flatten" | "cancel" }>): void {
  const trading = use_trading();
  const { ask } = use_asks();
  const account = trading.account ? `${trading.account.account_id} (${trading.account.mode})` : "the default account";
  if (command.kind === "close") {
    const { symbol } = command;
    ask({ title: `Close ${symbol}?`, text: `The whole position in ${symbol} is closed at market, ${account}.`, yes: "Close at market", run: () => void trading.close(symbol) });
  } else if (command.kind === "flatten") {
    ask({ title: "Close every position?", text: `Every position is closed at market and every working order cancelled, ${account}.`, yes: "Flatten", run: () => void trading.flatten_all("flatten by command") });
  } else {
    const { symbol } = command;
    ask({ title: "Cancel working orders?", text: symbol ? `All working orders in ${symbol}, ${account}.` : `All working orders, ${account}.`, yes: "Cancel orders", run: () => void trading.cancel_all(symbol) });
  }
}

/// Switching off needs no question; switching a live strategy on does.
async function steer_strategy({ what, id }: Extract<Command, { kind: "strategy" }>): Promise<void> {
  const strategies = use_strategies();
  const run = () => void strategies.steer(id, what);
  if (what === "disable") return run();
  const known = (await strategies.part.ask()) ? strategies.strategies.find(({ strategy_id }) => strategy_id === id) : undefined;
  if (known && known.mode !== "live") return run();
  if (!known && strategies.part.state.kind === "ready") return use_notices().show("warning", `There is no strategy ${id}`);
  if (!known) return use_dock().show_panel("strategies"); // which says why
  use_asks().ask({ title: "A LIVE strategy", text: `${id} trades real money by itself on account ${known.account_id ?? "default"}.`, yes: what === "enable" ? "Switch on" : "Run now", run });
}

async function backtest({ script, symbols, timeframe }: Extract<Command, { kind: "backtest" }>): Promise<void> {
  const backtests = use_backtests();
  const found = use_scripts().by_name(script);
  if (!found) return;
  backtests.script_id = found.id;
  backtests.form.symbols = symbols.join(", ");
  if (timeframe) backtests.form.timeframes = [timeframe.id];
  backtests.selected_id = "";
  use_dock().show_panel("backtest");
  // The panel shows why when the node cannot.
  if (!(await backtests.part.ask())) return;
  if (!(await backtests.submit())) use_notices().show("warning", "The backtest was not started: see its form");
}
