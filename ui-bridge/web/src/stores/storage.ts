/// localStorage that may be absent, full or hold something else.

const prefix = "tt.";

export function load<T>(key: string, is_valid: (value: unknown) => value is T, fallback: T): T {
  try {
    const text = localStorage.getItem(prefix + key);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return is_valid(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

export function save(key: string, value: unknown): void {
  try {
    localStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Private mode or a full store: the terminal works, it only forgets.
  }
}

export const is_string = (value: unknown): value is string => typeof value === "string";

export const is_strings = (value: unknown): value is string[] => Array.isArray(value) && value.every(is_string);
