import { describe, expect, it } from "vitest";
import { limit_name, limit_share, limit_text } from "./limits";

describe("limits", () => {
  it("say how much is used, from the room left where that is told", () => {
    expect(limit_share({ code: "a", limit: 100, headroom: 25 })).toBe(0.75);
    expect(limit_share({ code: "a", limit: 100, measured: 40 })).toBe(0.4);
    expect(limit_share({ code: "a", limit: 100, headroom: -20 })).toBe(1.2);
    expect(limit_share({ code: "a", limit: 0, headroom: 0 })).toBe(1);
    expect(limit_share({ code: "a", limit: null, measured: 3 })).toBe(0);
  });

  it("are written in their unit", () => {
    expect([limit_text(0.02, "ratio"), limit_text(2.5, "percent"), limit_text(1000, "USD"), limit_text(5, "orders"), limit_text(null, "USD")])
      .toEqual(["2.00 %", "2.50 %", "1,000.00 USD", "5 orders", "–"]);
    expect([limit_text(1000, "money"), limit_text(0, "flag"), limit_text(1, "flag"), limit_text(5, "per_second"), limit_text(20, "count"), limit_text(90, "seconds")])
      .toEqual(["1,000.00", "off", "on", "5 /s", "20", "90 s"]);
  });

  it("are named by their key, because several share a code", () => {
    expect(limit_name({ code: "ORDER_RATE", name: "order_rate_strategy_second" })).toBe("Orders of a strategy, second");
    expect(limit_name({ code: "DAILY_LOSS" })).toBe("Daily loss");
    expect(limit_name({ code: "STALE_PRICE", name: "price_age_s" })).toBe("Age of the price");
    expect(limit_name({ code: "NEW_ONE", name: "something_new_s" })).toBe("Something new");
  });
});
