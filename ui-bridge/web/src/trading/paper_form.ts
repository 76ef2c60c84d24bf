import type { FeeName, FillPrice, PaperRequest } from "../api/paper";
import type { Problems } from "../jobs/request_form";
import { is_positive_decimal } from "./order_form";

/// The form that opens a paper account: text as typed, checked, made into the
/// request.

export interface PaperForm {
  account_id: string;
  starting_cash: string;
  currency: string;
  account_type: string;
  leverage: string;
  price: FillPrice;
  latency_ms: string;
  slippage_ticks: string;
  partial_fills: boolean;
  /// Empty = none.
  fees: Record<FeeName, string>;
}

export const fee_kinds: readonly { id: FeeName; label: string }[] = [
  { id: "commission_per_order", label: "Commission per order" }, { id: "commission_per_unit", label: "Commission per share or contract" }, { id: "commission_ratio", label: "Commission, part of the value" },
  { id: "exchange_per_unit", label: "Exchange fee per share or contract" }, { id: "regulatory_sell_ratio", label: "Fee on sales, part of the value" },
];

export const account_types = ["margin", "cash", "pdt", "futures", "crypto"] as const;

export const fill_prices: readonly { id: FillPrice; label: string; does: string }[] = [
  { id: "touch", label: "Touch", does: "fills when the price is touched" },
  { id: "mid_cross", label: "Middle crossed", does: "fills when the middle of bid and ask has crossed" },
  { id: "next_tick", label: "Next tick", does: "fills at the next print" },
];

export function fresh_paper(): PaperForm {
  return {
    account_id: "", starting_cash: "100000", currency: "USD", account_type: "margin", leverage: "2", price: "touch", latency_ms: "0", slippage_ticks: "0", partial_fills: false,
    fees: { commission_per_order: "", commission_per_unit: "", commission_ratio: "", exchange_per_unit: "", regulatory_sell_ratio: "" },
  };
}

export type BuiltPaper = { request: PaperRequest; problems?: undefined } | { request?: undefined; problems: Problems };

export function build_paper(form: PaperForm): BuiltPaper {
  const problems: Problems = {};
  const account_id = form.account_id.trim();
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(account_id)) problems["account_id"] = account_id === "" ? "Needed" : "Letters, digits, “_”, “.” and “-” only";
  const cash = form.starting_cash.trim();
  if (!is_positive_decimal(cash)) problems["starting_cash"] = "A number above 0";
  const currency = form.currency.trim().toUpperCase();
  if (!/^[A-Z]{3,5}$/.test(currency)) problems["currency"] = "A code, for example USD";
  const leverage = form.leverage.trim();
  const has_leverage = form.account_type !== "cash";
  if (has_leverage && (!is_positive_decimal(leverage) || Number(leverage) < 1)) problems["leverage"] = "A number, 1 or more";
  const latency_ms = Number(form.latency_ms);
  if (!/^\d+$/.test(form.latency_ms.trim())) problems["latency_ms"] = "Whole milliseconds";
  const slippage = form.slippage_ticks.trim();
  if (!/^\d+$/.test(slippage)) problems["slippage_ticks"] = "Whole ticks";
  const fees = Object.fromEntries(fee_kinds.map(({ id }) => [id, form.fees[id].trim()] as const).filter(([, text]) => text !== "")) as Partial<Record<FeeName, string>>;
  for (const [id, text] of Object.entries(fees)) if (!/^(?:\d+\.?\d*|\.\d+)$/.test(text)) problems[id] = "A number, 0 or more";
  if (Object.keys(problems).length > 0) return { problems };
  return {
    request: {
      account_id, starting_cash: cash, currency, account_type: form.account_type, ...(has_leverage ? { leverage } : {}),
      fill_model: { price: form.price, latency_ms, slippage_ticks: slippage, partial_fills: form.partial_fills, ...(Object.keys(fees).length === 0 ? {} : { fee_schedule: fees }) },
    },
  };
}
