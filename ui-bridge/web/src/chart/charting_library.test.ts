import { beforeEach, describe, expect, it, vi } from "vitest";
import { open_library, widget_options } from "./charting_library";

const options = { container: {} as HTMLElement, path: "/charting_library/", symbol: "AAPL", resolution: "5", theme: "dark" as const, time_zone: "America/New_York" };

describe("TradingView's library", () => {
  let asked: string[];
  let missing: string;

  beforeEach(() => {
    asked = [];
    missing = "";
    vi.stubGlobal("location", { origin: "http://node" });
    vi.stubGlobal("document", {
      createElement: () => ({}),
      head: {
        append(script: { src: string; onload(): void; onerror(): void }) {
          asked.push(script.src);
          const fails = missing !== "" && script.src.includes(missing);
          queueMicrotask(() => (fails ? script.onerror() : script.onload()));
        },
      },
    });
  });

  it("says which file is missing, and asks for it again the next time", async () => {
    missing = "bundle.js";
    await expect(open_library({ ...options, path: "/one/" })).rejects.toThrow("/one/datafeeds/udf/dist/bundle.js could not be loaded");
    missing = "";
    await expect(open_library({ ...options, path: "/one/" })).rejects.toThrow("is not TradingView's library");
    expect(asked.filter((url) => url.endsWith("bundle.js"))).toHaveLength(2);
    expect(asked.filter((url) => url.endsWith("standalone.js"))).toHaveLength(1);
  });

  it("is made with the terminal's symbol and reads from the node's UDF", async () => {
    const made: object[] = [];
    vi.stubGlobal("TradingView", { widget: class { constructor(given: object) { made.push(given); } } });
    vi.stubGlobal("Datafeeds", { UDFCompatibleDatafeed: class { constructor(readonly url: string) {} } });
    await open_library(options);
    expect(made[0]).toMatchObject({ symbol: "AAPL", interval: "5", theme: "dark", timezone: "America/New_York", datafeed: { url: "http://node/udf" } });
  });

  it("keeps charts at the node and asks for a frame of the same origin", () => {
    const { charts_storage_url, enabled_features } = widget_options(options, {});
    expect([charts_storage_url, enabled_features]).toEqual(["/udf/charts", expect.arrayContaining(["iframe_loading_same_origin"])]);
  });
});
