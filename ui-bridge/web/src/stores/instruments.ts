import { defineStore } from "pinia";
import { shallowReactive } from "vue";
import { fetch_instrument, fetch_udf_symbol } from "../api/gateway";
import type { InstrumentDetail, UdfSymbol } from "../api/types";
import { plain_rule, price_rule } from "../market/price_format";
import type { PriceRule } from "../market/price_format";

/// What is known of each instrument, read once and kept.

export interface Instrument {
  symbol: string;
  description: string;
  type: string;
  exchange: string;
  zone: string;
  /// UDF session text of the regular session.
  session: string;
  rule: PriceRule;
  has_extended: boolean;
  /// What market hours are asked for; "" = the gateway's default.
  venue: string;
  /// Everything the gateway told, for the details panel.
  detail: InstrumentDetail;
}

/// Symbol descriptions read at the same time; a long watchlist asks for many.
const parallel_limit = 4;

export const use_instruments = defineStore("instruments", () => {
  const known = shallowReactive(new Map<string, Instrument>());
  const pending = new Map<string, Promise<Instrument>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function limited<T>(run: () => Promise<T>): Promise<T> {
    if (running >= parallel_limit) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await run();
    } finally {
      running -= 1;
      waiting.pop()?.(); // newest first: what was opened last is looked at, a long list waits
    }
  }

  /// @throws ApiError, also for an unknown symbol; the next call asks again.
  function need(symbol: string): Promise<Instrument> {
    const instrument = known.get(symbol);
    if (instrument) return Promise.resolve(instrument);
    let promise = pending.get(symbol);
    if (!promise) {
      promise = limited(() => Promise.all([fetch_udf_symbol(symbol), fetch_instrument(symbol)]))
        .then(([info, detail]) => {
          const fresh = instrument_of(symbol, info, detail);
          known.set(symbol, fresh);
          return fresh;
        })
        .finally(() => pending.delete(symbol));
      pending.set(symbol, promise);
    }
    return promise;
  }

  const rule_of = (symbol: string): PriceRule => known.get(symbol)?.rule ?? plain_rule;

  return { known, need, rule_of };
});

function instrument_of(symbol: string, info: UdfSymbol, detail: InstrumentDetail): Instrument {
  return {
    symbol,
    description: info.description ?? "",
    type: info.type ?? "",
    exchange: info.listed_exchange ?? info.exchange ?? "",
    zone: info.timezone ?? "Etc/UTC",
    session: info.session ?? "24x7",
    rule: price_rule(info),
    has_extended: detail.has_extended_hours ?? false,
    venue: detail.venue ?? detail.calendar ?? "",
    detail,
  };
}
