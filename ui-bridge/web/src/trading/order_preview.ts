import type { OrderPreview } from "../api/trading_types";
import { exact_text } from "../market/units";
import type { RiskBasis } from "./order_size";

/// What a preview says of the size that was asked for.

export interface Reduction {
  asked: string;
  left: string;
}

/// The sizes where the checks would cut the order; undefined where it stays whole.
export function reduction_of({ would_accept, quantity, risk_check }: OrderPreview): Reduction | undefined {
  const asked = risk_check?.original_quantity;
  if (!would_accept || typeof quantity !== "number" || typeof asked !== "number" || quantity >= asked) return undefined;
  return { asked: exact_text(asked), left: exact_text(quantity) };
}

/// What an order of so many units is worth at its limit, else at the market;
/// undefined while that cannot be said.
export function worth_of({ quantity, price }: { quantity: string; price: string }, { entry, multiplier }: Pick<RiskBasis, "entry" | "multiplier">): number | undefined {
  const units = Number(quantity);
  const at = Number(price) > 0 ? Number(price) : entry;
  return quantity.trim() !== "" && units > 0 && at !== undefined ? units * at * multiplier : undefined;
}

/// A reduction by the checks in words; the node's own object where it has another shape.
export function adjustment_text(adjustment: unknown): string {
  if (typeof adjustment !== "object" || adjustment === null) return String(adjustment);
  const { code, quantity } = adjustment as { code?: unknown; quantity?: unknown };
  return typeof code === "string" && typeof quantity === "number" ? `${code} leaves ${exact_text(quantity)}` : JSON.stringify(adjustment);
}
