/// TradingView's licensed Advanced Charts, as far as this terminal uses it. The
/// library is not part of this repository: whoever has a licence puts it into
/// `public/charting_library` (see the README). Names in camelCase are its own.

export interface LibraryWidget {
  onChartReady(run: () => void): void;
  activeChart(): LibraryChart;
  changeTheme(theme: "light" | "dark"): unknown;
  remove(): void;
}

export interface LibraryChart {
  setSymbol(symbol: string, done?: () => void): void;
  setResolution(resolution: string, done?: () => void): void;
  onSymbolChanged(): { subscribe(owner: null, run: () => void): void };
  onIntervalChanged(): { subscribe(owner: null, run: (resolution: string) => void): void };
  symbol(): string;
}

export interface LibraryGlobals {
  TradingView?: { widget: new (options: object) => LibraryWidget };
  Datafeeds?: { UDFCompatibleDatafeed: new (url: string, update_ms?: number) => object };
}

export interface LibraryOptions {
  container: HTMLElement;
  path: string;
  symbol: string;
  resolution: string;
  theme: "light" | "dark";
  time_zone: string;
}

/// The library polls UDF for the forming bar this often.
const update_ms = 1_000;

const loading = new Map<string, Promise<void>>();

/// Loads a classic script once.
function load_script(url: string): Promise<void> {
  let promise = loading.get(url);
  if (!promise) {
    promise = new Promise<void>((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.onload = () => resolve();
      script.onerror = () => {
        loading.delete(url);
        reject(new Error(`${url} could not be loaded`));
      };
      document.head.append(script);
    });
    loading.set(url, promise);
  }
  return promise;
}

/// @throws Error where a file is missing or is not what it should be.
export async function open_library(options: LibraryOptions): Promise<LibraryWidget> {
  const { path } = options;
  await Promise.all([load_script(`${path}charting_library.standalone.js`), load_script(`${path}datafeeds/udf/dist/bundle.js`)]);
  const { TradingView, Datafeeds } = globalThis as unknown as LibraryGlobals;
  if (!TradingView?.widget) throw new Error(`${path}charting_library.standalone.js is not TradingView's library`);
  if (!Datafeeds?.UDFCompatibleDatafeed) throw new Error(`${path}datafeeds/udf/dist/bundle.js is not TradingView's UDF datafeed`);
  return new TradingView.widget(widget_options(options, new Datafeeds.UDFCompatibleDatafeed(`${location.origin}/udf`, update_ms)));
}

/// What the widget is made with: the terminal's symbol, interval and colours; data
/// and stored charts by the node's UDF.
export function widget_options({ container, path, symbol, resolution, theme, time_zone }: LibraryOptions, datafeed: object): Record<string, unknown> {
  return {
    container, datafeed, symbol, interval: resolution, theme, timezone: time_zone, library_path: path, locale: "en", autosize: true,
    charts_storage_url: "/udf/charts", charts_storage_api_version: "1.1", client_id: "traderterminal", user_id: "public_user",
    // the terminal's own search and watchlist choose symbols; a frame of the same
    // origin is all that the content security policy lets in
    disabled_features: ["use_localstorage_for_settings"], enabled_features: ["study_templates", "iframe_loading_same_origin"],
  };
}
