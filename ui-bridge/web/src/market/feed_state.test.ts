import { describe, expect, it } from "vitest";
import { feed_problem } from "./feed_state";

describe("feed health", () => {
  it("says nothing while all is well", () => {
    expect(feed_problem({ sim: { state: "live", stale_symbols: 0 }, day: { state: "finished" } })).toBeUndefined();
  });

  it("names the sick feed before stale symbols", () => {
    expect(feed_problem({ a: { state: "live", stale_symbols: 3 }, b: { state: "reconnecting", detail: "no route" } })).toEqual({ text: "FEED B reconnecting", title: "b: no route" });
    expect(feed_problem({ a: { state: "failed" }, b: { state: "down" } })?.text).toBe("FEED A failed and 1 more");
    expect(feed_problem({ a: { state: "live", stale_symbols: 2 } })?.text).toBe("2 stale");
  });

  it("says that there is none", () => expect(feed_problem({})?.text).toBe("NO FEED"));
});
