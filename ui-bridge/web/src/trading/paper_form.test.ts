import { describe, expect, it } from "vitest";
import { build_paper, fresh_paper } from "./paper_form";

const form = (change: object) => ({ ...fresh_paper(), account_id: "paper-2", ...change });

describe("paper account form", () => {
  it("sends money as the text typed", () => {
    expect(build_paper(form({ starting_cash: "25000.50", slippage_ticks: "1" })).request).toEqual({
      account_id: "paper-2", starting_cash: "25000.50", currency: "USD", account_type: "margin", leverage: "2",
      fill_model: { price: "touch", latency_ms: 0, slippage_ticks: "1", partial_fills: false },
    });
  });
  it("sends the fees that were typed", () => {
    const fees = { ...fresh_paper().fees, commission_per_order: "1.00", commission_ratio: ".0005" };
    expect(build_paper(form({ fees })).request?.fill_model.fee_schedule).toEqual({ commission_per_order: "1.00", commission_ratio: ".0005" });
  });
  it("gives cash accounts no leverage", () => {
    expect(build_paper(form({ account_type: "cash", leverage: "" })).request).not.toHaveProperty("leverage");
  });
  it.each([
    [{ account_id: "" }, "account_id"], [{ account_id: "a b" }, "account_id"], [{ starting_cash: "-5" }, "starting_cash"], [{ currency: "dollars" }, "currency"], [{ leverage: "0.5" }, "leverage"],
    [{ latency_ms: "soon" }, "latency_ms"], [{ slippage_ticks: "0.5" }, "slippage_ticks"], [{ fees: { ...fresh_paper().fees, commission_ratio: "1 %" } }, "commission_ratio"],
  ])("names the field of %o", (change, field) => expect(Object.keys(build_paper(form(change)).problems ?? {})).toEqual([field]));
});
