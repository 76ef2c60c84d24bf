// Stands in for TradingView's licensed library in tests: the same calls, and in
// place of a chart an element that tells what it was given.
globalThis.TradingView = {
  widget: class {
    constructor(options) {
      this.options = options;
      this.interval = options.interval;
      this.subscribers = { symbol: [], interval: [] };
      this.element = document.createElement("div");
      options.container.append(this.element);
      this.element.dataset.libraryTheme = options.theme;
      this.element.textContent = "stand-in";
      // as the library does: its own page, in a frame of the same origin
      const frame = document.createElement("iframe");
      frame.src = `${options.library_path}sameorigin.html`;
      frame.onload = () => (this.element.dataset.libraryFrame = frame.contentDocument?.title ?? "refused");
      this.element.append(frame);
      this.read(options.symbol);
    }
    read(symbol) {
      this.name = symbol;
      this.element.dataset.librarySymbol = symbol;
      this.element.dataset.libraryInterval = this.interval;
      this.element.dataset.libraryBars = "0";
      this.options.datafeed.bars(symbol, this.interval).then((count) => (this.element.dataset.libraryBars = String(count)));
    }
    onChartReady(run) { setTimeout(run); }
    activeChart() {
      return {
        symbol: () => `EXCHANGE:${this.name}`.split(":")[1],
        setSymbol: (symbol) => this.read(symbol),
        setResolution: (interval) => ((this.interval = interval), this.read(this.name)),
        onSymbolChanged: () => ({ subscribe: (_, run) => this.subscribers.symbol.push(run) }),
        onIntervalChanged: () => ({ subscribe: (_, run) => this.subscribers.interval.push(run) }),
      };
    }
    changeTheme(theme) { this.element.dataset.libraryTheme = theme; }
    remove() { this.element.remove(); }
  },
};
