import type { StrategyPerformance } from "../api/strategy_types";
import type { FigureRow } from "../jobs/figures";
import { is_number } from "../market/price_format";
import { exact_text, money_text, plain_text, signed_money, tone_of } from "../market/units";

/// The figures of a strategy's closed trades. Other than in a backtest the win
/// rate is in percent and the drawdown in money.
export function performance_rows(figures: StrategyPerformance): FigureRow[] {
  const money = (id: keyof StrategyPerformance, label: string, help = ""): FigureRow => ({ id, label, text: signed_money(figures[id]), tone: tone_of(figures[id]), help });
  const plain = (id: keyof StrategyPerformance, label: string, text: string, help = ""): FigureRow => ({ id, label, text, tone: "", help });
  return [
    money("net_profit", "Net profit"), plain("trades", "Trades", exact_text(figures.trades)), plain("wins", "Won", exact_text(figures.wins)), plain("losses", "Lost", exact_text(figures.losses)),
    plain("win_rate", "Win rate", is_number(figures.win_rate) ? `${figures.win_rate.toFixed(1)} %` : "–", "Share of closed trades with a profit"),
    plain("profit_factor", "Profit factor", plain_text(figures.profit_factor), "Gross profit over gross loss"), money("average_trade", "Average trade"), money("largest_win", "Largest win"),
    money("largest_loss", "Largest loss"), plain("max_drawdown", "Max drawdown", money_text(figures.max_drawdown), "Largest fall of the summed profit from a top, in money"), plain("fees", "Fees", money_text(figures.fees)),
  ];
}
