import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { script_limit, use_scripts } from "./scripts";

let kept: Map<string, string>;

beforeEach(() => {
  kept = new Map();
  vi.useFakeTimers();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) });
  setActivePinia(createPinia());
});

/// The store as a reloaded page finds it.
function reloaded() {
  vi.runAllTimers();
  setActivePinia(createPinia());
  return use_scripts();
}

describe("scripts", () => {
  it("start with the examples", () => {
    expect(use_scripts().names).toContain("momentum");
  });

  it("keep what is typed over a reload, apart from what is saved", () => {
    const scripts = use_scripts();
    const { source } = scripts.active!;
    scripts.type("changed");
    const again = reloaded();
    expect(again.text).toBe("changed");
    expect(again.active!.source).toBe(source);
    expect(again.is_changed).toBe(true);
    again.save_active();
    expect(reloaded().active!.source).toBe("changed");
  });

  it("are not changed by typing the saved text again, and come back by reverting", () => {
    const scripts = use_scripts();
    const { source } = scripts.active!;
    scripts.type("x");
    scripts.type(source);
    expect(scripts.is_changed).toBe(false);
    scripts.type("y");
    scripts.revert();
    expect(scripts.text).toBe(source);
  });

  it("have names of their own", () => {
    const scripts = use_scripts();
    const made = scripts.create("momentum")!;
    expect(made.name).toBe("momentum 2");
    scripts.rename(made.id, "ma-cross");
    expect(scripts.active!.name).toBe("ma-cross 2");
    scripts.rename(made.id, "ma-cross 2");
    expect(scripts.active!.name).toBe("ma-cross 2");
  });

  it("are limited in number and never none", () => {
    const scripts = use_scripts();
    while (scripts.scripts.length < script_limit) scripts.create();
    expect(scripts.create()).toBeUndefined();
    for (const { id } of [...scripts.scripts]) scripts.remove(id);
    expect(scripts.scripts).toHaveLength(1);
    expect(scripts.active).toBeDefined();
  });

  it("start over from the examples when what was kept is damaged", () => {
    kept.set("tt.scripts", '[{"id":1}]');
    setActivePinia(createPinia());
    expect(use_scripts().names).toContain("momentum");
  });
});
