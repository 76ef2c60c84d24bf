/// What is wrong with feeds, in a word for the header and a sentence for its title.

export interface FeedState {
  state?: string;
  stale_symbols?: number;
  detail?: string;
}

export interface FeedProblem {
  text: string;
  title: string;
}

/// A recording that has been played to its end is no fault.
const is_well = (state: string | undefined) => state === undefined || state === "live" || state === "finished";

/// The worst of all feeds; undefined when there is nothing to say.
export function feed_problem(feeds: Readonly<Record<string, FeedState>>): FeedProblem | undefined {
  const all = Object.entries(feeds);
  if (all.length === 0) return { text: "NO FEED", title: "No feed of market data is configured: see “feeds” in trader.yaml" };
  const sick = all.filter(([, { state }]) => !is_well(state));
  if (sick.length > 0) {
    const [name, { state, detail }] = sick[0]!;
    const more = sick.length > 1 ? ` and ${sick.length - 1} more` : "";
    return { text: `FEED ${name.toUpperCase()} ${(state ?? "").replaceAll("_", " ")}${more}`, title: detail ? `${name}: ${detail}` : `The feed ${name} is ${state}` };
  }
  const stale = all.reduce((sum, [, { stale_symbols }]) => sum + (stale_symbols ?? 0), 0);
  return stale > 0 ? { text: `${stale} stale`, title: `${stale} symbol${stale === 1 ? " has" : "s have"} had no price for longer than they should` } : undefined;
}
