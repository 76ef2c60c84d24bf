/// Fuzzy ranking for the symbol search: every typed character must appear in
/// order; whole words, prefixes and runs rank above scattered hits.

export interface FuzzyHit {
  score: number;
  /// Indices of the matched characters, for highlighting.
  at: number[];
}

const exact_bonus = 1000;
const prefix_bonus = 200;
const run_bonus = 12;
const word_bonus = 18;
const hit_value = 10;
const gap_cost = 1;

/// @return undefined when `text` does not contain `query` as a subsequence.
export function fuzzy(query: string, text: string): FuzzyHit | undefined {
  const wanted = query.toLowerCase();
  const given = text.toLowerCase();
  if (wanted === "") return { score: 0, at: [] };
  const whole = given.indexOf(wanted);
  if (whole >= 0) return whole_hit(wanted, given, whole);
  const at: number[] = [];
  let score = 0;
  let from = 0;
  for (const char of wanted) {
    if (char === " ") continue;
    const index = given.indexOf(char, from);
    if (index < 0) return undefined;
    score += hit_value - gap_cost * Math.min(index - from, hit_value);
    if (at.at(-1) === index - 1) score += run_bonus;
    if (starts_word(given, index)) score += word_bonus;
    at.push(index);
    from = index + 1;
  }
  return { score: score - given.length * 0.1, at };
}

function whole_hit(wanted: string, given: string, index: number): FuzzyHit {
  let score = wanted.length * (hit_value + run_bonus) - given.length * 0.1;
  if (index === 0) score += prefix_bonus;
  else if (starts_word(given, index)) score += prefix_bonus / 2;
  if (wanted === given) score += exact_bonus;
  return { score, at: Array.from(wanted, (_, i) => index + i) };
}

function starts_word(text: string, index: number): boolean {
  return index === 0 || /[^a-z0-9]/.test(text[index - 1]!);
}

export interface Ranked<T> {
  item: T;
  symbol_at: number[];
  description_at: number[];
}

/// A hit in the description counts for less than one in the symbol.
const description_share = 0.25;

/// Ranks by symbol first, description second; items without a hit stay last in
/// the order they came, because the server may match fields not shown here.
export function rank<T extends { symbol: string; description?: string }>(query: string, items: readonly T[]): Ranked<T>[] {
  const scored = items.map((item) => {
    const symbol = fuzzy(query, item.symbol);
    const description = fuzzy(query, item.description ?? "");
    const score = Math.max(symbol?.score ?? -Infinity, (description?.score ?? -Infinity) * description_share);
    return { item, symbol_at: symbol?.at ?? [], description_at: symbol ? [] : (description?.at ?? []), score };
  });
  return scored.sort((a, b) => (a.score === b.score ? 0 : b.score - a.score));
}
