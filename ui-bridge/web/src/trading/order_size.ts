/// How large an order is: units, money, a part of the account, or what may be
/// lost at the stop. The first three go to the node as they are; the last one is
/// reckoned here into units, because the node has no such size.

export type SizeKind = "quantity" | "notional" | "weight" | "risk";

export const size_kinds: readonly { id: SizeKind; label: string; help: string }[] = [
  { id: "quantity", label: "Quantity", help: "Shares, contracts or coins" },
  { id: "notional", label: "Worth", help: "Money; the node makes units of it, rounded down to the lot" },
  { id: "weight", label: "Weight, %", help: "Percent of the account's equity; the node makes units of it" },
  { id: "risk", label: "Risk, %", help: "Percent of the equity that is lost if the stop is hit; the units are reckoned here" },
];

/// What a size by risk is reckoned from; a figure that is not known is undefined.
export interface RiskBasis {
  equity: number | undefined;
  /// Price at which the order would fill: its limit, else the market's.
  entry: number | undefined;
  /// Money per whole point and unit.
  multiplier: number;
  lot: number;
  account_currency: string;
  currency: string;
}

export type RiskSize = { quantity: string; problem?: undefined } | { quantity?: undefined; problem: string; field: "quantity" | "risk_stop" };

const digits_of = (step: number) => Math.max(0, Math.min(12, Math.round(-Math.log10(step) + 0.4999)));

/// Units that lose `percent` of the equity between entry and stop, rounded down
/// to the lot: rounding up would risk more than was asked.
export function risk_size(percent: number, stop: number, is_buy: boolean, basis: RiskBasis): RiskSize {
  const { equity, entry, multiplier, lot, account_currency, currency } = basis;
  const wrong = (problem: string, field: "quantity" | "risk_stop" = "quantity"): RiskSize => ({ problem, field });
  if (percent > 100) return wrong("At most 100 %");
  if (equity === undefined) return wrong("The account's equity is not known");
  if (account_currency !== "" && currency !== "" && account_currency !== currency) return wrong(`Priced in ${currency}, the account is in ${account_currency}: give a quantity`);
  if (entry === undefined) return wrong("No price yet: give a limit or a quantity");
  const distance = is_buy ? entry - stop : stop - entry;
  if (!(distance > 0)) return wrong(`The stop must be ${is_buy ? "below" : "above"} the entry ${entry}`, "risk_stop");
  const lots = Math.floor((equity * percent) / 100 / (distance * multiplier * lot) + 1e-9);
  if (lots < 1) return wrong(`${percent} % is less than one lot (${lot}) can lose`);
  return { quantity: (lots * lot).toFixed(digits_of(lot)) };
}

/// A percentage typed by a person as the fraction the node takes, digit by digit:
/// 12.5 becomes 0.125 and no other number.
export function percent_to_fraction(text: string): string {
  const [whole = "", part = ""] = text.split(".");
  const padded = whole.padStart(3, "0");
  const digits = `${padded.slice(0, -2)}.${padded.slice(-2)}${part}`.replace(/0+$/, "").replace(/^0+(?=\d)/, "");
  return digits.replace(/\.$/, "");
}
