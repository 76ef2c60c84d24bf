import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import type { Diagnostic } from "../api/job_types";
import { empty_script, examples } from "../pine/examples";
import { is_string, load, save } from "./storage";

/// The user's Pine scripts, kept in this browser. Typing is kept at once as a
/// draft, so that nothing is lost by a reload; saving makes it the script.

export interface Script {
  id: string;
  name: string;
  source: string;
  /// What is typed and not saved; undefined = nothing.
  draft?: string;
  saved_at_ms: number;
}

export const script_limit = 200;
/// The gateway's limit for one source.
export const source_limit = 512 * 1024;
const name_limit = 60;
/// A draft is stored this long after the last key.
const keep_after_ms = 300;

function is_scripts(value: unknown): value is Script[] {
  return Array.isArray(value) && value.every((one: Partial<Script> | null) =>
    is_string(one?.id) && is_string(one.name) && is_string(one.source) && (one.draft === undefined || is_string(one.draft)));
}

export const use_scripts = defineStore("scripts", () => {
  const scripts = ref<Script[]>(load("scripts", is_scripts, []));
  const active_id = ref(load("script", is_string, ""));
  /// What the compiler said of the active script's text.
  const diagnostics = shallowRef<readonly Diagnostic[]>([]);
  /// A place the editor should show; the count makes equal places two wishes.
  const wanted_place = shallowRef<{ line: number; column: number; count: number }>();

  const active = computed(() => scripts.value.find(({ id }) => id === active_id.value) ?? scripts.value[0]);
  const text = computed(() => (active.value ? text_of(active.value) : ""));
  const is_changed = computed(() => active.value?.draft !== undefined && active.value.draft !== active.value.source);
  const names = computed(() => scripts.value.map(({ name }) => name));

  if (scripts.value.length === 0) {
    scripts.value = examples.map(({ name, source }, index) => ({ id: `example-${index + 1}`, name, source, saved_at_ms: 0 }));
  }

  function text_of(script: Script): string {
    return script.draft ?? script.source;
  }

  function keep(): void {
    save("scripts", scripts.value);
    save("script", active_id.value);
  }

  function select(id: string): void {
    active_id.value = id;
    diagnostics.value = [];
    keep();
  }

  /// A name that no other script has: "momentum", "momentum 2", …
  function free_name(wanted: string, except = ""): string {
    const base = wanted.trim().slice(0, name_limit) || "script";
    const taken = new Set(scripts.value.filter(({ id }) => id !== except).map(({ name }) => name));
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base} ${n}`;
    return name;
  }

  /// @return undefined when there are too many already.
  function create(name = "new-strategy", source = empty_script): Script | undefined {
    if (scripts.value.length >= script_limit) return undefined;
    const script: Script = { id: `s-${Date.now().toString(36)}-${scripts.value.length}`, name: free_name(name), source, saved_at_ms: Date.now() };
    scripts.value = [...scripts.value, script];
    select(script.id);
    return script;
  }

  function change(id: string, next: Partial<Script>): void {
    scripts.value = scripts.value.map((script) => (script.id === id ? { ...script, ...next } : script));
    keep();
  }

  let keeping: ReturnType<typeof setTimeout> | undefined;

  function type(source: string): void {
    const script = active.value;
    if (!script) return;
    const draft = source === script.source ? undefined : source;
    scripts.value = scripts.value.map((one) => (one.id === script.id ? { ...one, draft } : one));
    clearTimeout(keeping);
    keeping = setTimeout(keep, keep_after_ms);
  }

  function save_active(): void {
    const script = active.value;
    if (script) change(script.id, { source: text_of(script), draft: undefined, saved_at_ms: Date.now() });
  }

  function revert(): void {
    const script = active.value;
    if (script) change(script.id, { draft: undefined });
  }

  function rename(id: string, name: string): void {
    if (name.trim() !== "") change(id, { name: free_name(name, id) });
  }

  function remove(id: string): void {
    if (scripts.value.length < 2) return;
    scripts.value = scripts.value.filter((script) => script.id !== id);
    if (active_id.value === id) select(scripts.value[0]!.id);
    else keep();
  }

  const by_name = (name: string): Script | undefined => scripts.value.find((script) => script.name === name);

  function show_place(line: number, column: number): void {
    wanted_place.value = { line, column, count: (wanted_place.value?.count ?? 0) + 1 };
  }

  return {
    scripts, active_id, active, text, is_changed, names, diagnostics, wanted_place, text_of, select, create, type, save_active, revert, rename, remove, by_name, show_place,
  };
});
