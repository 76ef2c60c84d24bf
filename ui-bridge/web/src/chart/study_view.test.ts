import { describe, expect, it } from "vitest";
import { indicators, title_of } from "../pine/indicators";
import { script_inputs } from "../pine/inputs";
import { css_color, study_view } from "./study_view";

const times = [100, 200, 300];

describe("what a script draws", () => {
  it("is a line with holes where the script has no value", () => {
    const { series, title, overlay } = study_view({ title: "SMA", overlay: true, times, plots: [{ title: "SMA", kind: "plot", options: { style: "line", linewidth: "2", color: "#F5A524FF" }, series: { series: [null, 5, 6] } }] }, "x");
    expect([title, overlay]).toEqual(["SMA", true]);
    expect(series).toEqual([{ title: "SMA", kind: "line", color: "rgba(245, 165, 36, 1)", width: 2, is_step: false, on_price: false, points: [{ ts: 100 }, { ts: 200, value: 5 }, { ts: 300, value: 6 }] }]);
  });

  it("has columns with a colour of their own for each bar", () => {
    const { series } = study_view({ times, plots: [{ kind: "plot", options: { style: "columns" }, series: { series: [1, -1, 0], color: ["#2EBD93FF", "#F2606E80", null] } }] }, "MACD");
    expect(series[0]!.kind).toBe("histogram");
    expect(series[0]!.points.map(({ color }) => color)).toEqual(["rgba(46, 189, 147, 1)", "rgba(242, 96, 110, 0.502)", undefined]);
  });

  it("has levels, fills by the numbers of their plots, shapes and backgrounds", () => {
    const view = study_view({
      times,
      plots: [
        { kind: "hline", title: "Upper", options: { price: "70", linestyle: "dotted" } }, { kind: "plot", series: { series: [1, 2, 3] } }, { kind: "plot", series: { series: [0, 1, 2] } },
        { kind: "fill", options: { plot1: "1", plot2: "2", color: "#6CB3FF14" } }, { kind: "shape", options: { location: "belowbar", text: "up" }, series: { series: [0, 1, null] } },
        { kind: "bgcolor", series: { color: [null, "#FF000010", null] } }, { kind: "candle", series: { open: [1, 1, 1], high: [2, 2, 2], low: [0, 0, null], close: [1, 2, 1] } },
      ],
    }, "x");
    expect(view.levels).toEqual([{ title: "Upper", price: 70, color: "#808b98", line: "dotted" }]);
    expect(view.fills).toEqual([{ first: 0, second: 1, color: "rgba(108, 179, 255, 0.078)" }]);
    expect(view.marks).toEqual([{ at: 200, kind: "note", text: "up", place: "below" }]);
    expect([...view.backgrounds.keys()]).toEqual([200]);
    expect(view.series[2]!.points).toEqual([{ ts: 100, value: 1, open: 1, high: 2, low: 0 }, { ts: 200, value: 2, open: 1, high: 2, low: 0 }, { ts: 300 }]);
  });

  it("finds the plots of a fill by their numbers in the script, and levels that inputs set", () => {
    const view = study_view({
      times,
      plots: [
        { index: 1, kind: "hline", series: { price: [null, 70, 70] } }, { index: 2, kind: "plot", series: { series: [1, 2, 3] } }, { index: 5, kind: "plot", series: { series: [0, 1, 2] } },
        { index: 6, kind: "fill", options: { plot1: "2", plot2: "5", color: "4121240831" }, series: {} },
      ],
    }, "x");
    expect(view.levels[0]!.price).toBe(70);
    expect(view.fills).toEqual([{ first: 0, second: 1, color: "rgba(245, 165, 36, 1)" }]);
  });

  it("marks trades from markers, else from the list of trades", () => {
    expect(study_view({ markers: [{ timestamp: 300, side: "sell", text: "Out" }, { timestamp: 100, side: "buy" }] }, "").marks.map(({ at, kind }) => [at, kind])).toEqual([[100, "buy"], [300, "sell"]]);
    const trade = { symbol: "A", timeframe: "1h", side: "short", entry_date: "1970-01-01T00:01:40Z", exit_date: "1970-01-01T00:05:00Z", entry_price: 1, quantity: 1, exit_reason: "Stop" };
    expect(study_view({ trades: [trade] }, "").marks).toEqual([{ at: 100, kind: "sell", text: "" }, { at: 300, kind: "buy", text: "Stop" }]);
  });

  it("has tables apart from what is bound to bars, and colours of bars", () => {
    const view = study_view({
      times, plots: [{ kind: "barcolor", series: { color: ["#2EBD93FF", null, null] } }],
      drawings: [
        { type: "line", id: 1, x1: 0 },
        { type: "table", id: 2, position: "bottom_left", columns: 2, rows: 1, cells: [{ column: 1, row: 0, text: "7", text_color: "#FFFFFFFF" }, { column: 9, row: 9, text: "outside" }] },
      ],
    }, "x");
    expect(view.drawings.map(({ id }) => id)).toEqual([1]);
    expect(view.tables).toEqual([{ id: 2, position: "bottom_left", background: undefined, rows: [[{ text: "", color: undefined, background: undefined }, { text: "7", color: "rgba(255, 255, 255, 1)", background: undefined }]] }]);
    expect([...view.bar_colors]).toEqual([[100, "rgba(46, 189, 147, 1)"]]);
  });

  it("survives an answer without plots", () => {
    expect(study_view({}, "RSI")).toMatchObject({ title: "RSI", series: [], marks: [] });
    expect(study_view({ times, plots: [{ kind: "plot" }, { kind: "unheard-of", series: { series: [1] } }] }, "").series).toEqual([]);
  });

  it("writes colours as the chart library reads them", () => {
    expect([css_color("#11223344"), css_color("#112233"), css_color("#11223300"), css_color("red"), css_color(null)]).toEqual(["rgba(17, 34, 51, 0.267)", "#112233", undefined, undefined, undefined]);
    expect([css_color("4121240831"), css_color(0x112233ff)]).toEqual(["rgba(245, 165, 36, 1)", "rgba(17, 34, 51, 1)"]);
  });
});

describe("indicators of the terminal", () => {
  it("are Pine files, each with a title and inputs that the form finds", () => {
    expect(indicators.map(({ id }) => id)).toEqual(["sma", "ema", "vwap", "bollinger", "rsi", "macd", "atr"]);
    for (const { title, source } of indicators) {
      expect(title).not.toBe("");
      expect(source).toMatch(/^\/\/@version=6\n/);
    }
    expect(script_inputs(indicators.find(({ id }) => id === "macd")!.source).map(({ name, value }) => [name, value])).toEqual([["Fast", 12], ["Slow", 26], ["Signal", 9]]);
    expect(title_of("indicator(title = 'It')")).toBe("It");
  });
});
