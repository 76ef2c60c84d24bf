import { defineStore } from "pinia";
import { ref, shallowReactive } from "vue";
import { pause_study, resume_study, study_results, study_trials, submit_study } from "../api/jobs";
import type { StudyReport, Trial } from "../api/job_types";
import { error_text } from "../api/http";
import { build_backtest, build_study, fresh_study, row_of } from "../jobs/request_form";
import type { ParameterRow, StudyForm } from "../jobs/request_form";
import { script_inputs, suggested_range } from "../pine/inputs";
import { use_backtests } from "./backtests";
import { make_jobs } from "./jobs";
import { use_notices } from "./notices";
import { use_scripts } from "./scripts";

/// Optimisation studies. The base run is the backtest form's.

const trials_page = 1000;
/// Trials read for the heat map.
export const trials_limit = 5_000;

export const use_studies = defineStore("studies", () => {
  const scripts = use_scripts();
  const backtests = use_backtests();
  const notices = use_notices();
  const reports = shallowReactive(new Map<string, StudyReport>());
  const report_errors = shallowReactive(new Map<string, string>());
  const trials = shallowReactive(new Map<string, readonly Trial[]>());
  const list = make_jobs("optimize", (id) => void read_report(id));
  const form = ref<StudyForm>(fresh_study());
  const rows = ref<ParameterRow[]>([]);
  const { problems, sending } = list;

  /// Fills the table of parameters from the script's inputs; what was typed
  /// for an input of the same name stays.
  function take_inputs(): void {
    const script = scripts.scripts.find(({ id }) => id === backtests.script_id);
    const typed = new Map(rows.value.map((row) => [row.name, row]));
    const read = script_inputs(script ? scripts.text_of(script) : "").flatMap((input) => {
      const range = suggested_range(input);
      return range ? [typed.get(input.name) ?? row_of(input.name, range, false)] : [];
    });
    if (!read.some(({ used }) => used)) for (const row of read.slice(0, 2)) row.used = true;
    rows.value = read;
  }

  function add_row(): void {
    rows.value = [...rows.value, row_of("", { type: "int" })];
  }

  async function submit(): Promise<boolean> {
    const script = scripts.scripts.find(({ id }) => id === backtests.script_id);
    const base = build_backtest(backtests.form, script ? scripts.text_of(script) : "");
    const built = base.request ? build_study(base.request, form.value, rows.value) : undefined;
    problems.value = { ...base.problems, ...built?.problems };
    if (!built?.request || sending.value) return false;
    return list.send(built.request, script?.name, submit_study);
  }

  async function read_report(id: string): Promise<void> {
    try {
      reports.set(id, await study_results(id));
      report_errors.delete(id);
    } catch (error) {
      report_errors.set(id, error_text(error));
    }
    await read_trials(id);
  }

  async function read_trials(id: string): Promise<void> {
    const read: Trial[] = [];
    let cursor: string | undefined;
    try {
      do {
        const page = await study_trials(id, trials_page, undefined, cursor);
        read.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor && read.length < trials_limit);
      trials.set(id, read);
    } catch (error) {
      if (!report_errors.has(id)) report_errors.set(id, error_text(error));
    }
  }

  async function steer(id: string, what: "pause" | "resume"): Promise<void> {
    try {
      await (what === "pause" ? pause_study(id) : resume_study(id));
      await list.part.ask();
    } catch (error) {
      notices.failure(error);
    }
  }

  return { ...list, part_state: list.part.state, reports, report_errors, trials, form, rows, take_inputs, add_row, submit, read_report, read_trials, steer };
});
