import { computed, ref, shallowReactive, shallowRef } from "vue";
import { ApiError, error_text } from "../api/http";
import type { JobFamily } from "../api/jobs";
import { cancel_job, job_state, list_jobs, progress_path } from "../api/jobs";
import type { JobRow } from "../api/job_types";
import { is_final } from "../api/job_types";
import { gateway_problems } from "../jobs/request_form";
import type { Problems } from "../jobs/request_form";
import { ProgressWatch } from "../jobs/progress_watch";
import type { JobProgress } from "../jobs/progress_watch";
import { browser_clock, browser_socket } from "../stream/clock";
import { use_notices } from "./notices";
import { make_part } from "./part";
import { load, save } from "./storage";

/// What backtests and studies have in common: the list on the node, newest
/// first, with live progress of what runs. A row appears when the node lists
/// it or has accepted it, never before.

export const page_size = 50;
/// Progress sockets at one time; the gateway allows ten.
const watch_limit = 5;
/// Names given to jobs in this browser.
const labels_kept = 300;

export interface Job {
  id: string;
  row: JobRow;
}

type Labels = Record<string, string>;
const is_labels = (value: unknown): value is Labels => typeof value === "object" && value !== null && !Array.isArray(value);

export function make_jobs(family: JobFamily, ended: (id: string) => void) {
  const notices = use_notices();
  const jobs = shallowRef<Job[]>([]);
  const progress = shallowReactive(new Map<string, JobProgress>());
  const watches = new Map<string, ProgressWatch>();
  const next_cursor = ref<string>();
  const selected_id = ref("");
  const problems = ref<Problems>({});
  const sending = ref(false);
  const labels = ref<Labels>(load(`${family}.labels`, is_labels, {}));
  const running = computed(() => jobs.value.filter(({ id, row }) => !is_final(state_of(id, row))).length);

  const part = make_part(async () => {
    const page = await list_jobs(family, page_size);
    const fresh = page.rows.map(job_of).filter((job): job is Job => job !== undefined);
    const listed = new Set(fresh.map(({ id }) => id));
    const oldest = fresh.at(-1)?.row.created_at ?? "~";
    // Rows paged in before, and one accepted after the node made this list.
    const others = jobs.value.filter(({ id, row }) => !listed.has(id) && (row.created_at === undefined || row.created_at < oldest));
    jobs.value = sorted([...fresh, ...others]);
    next_cursor.value = page.next_cursor;
    follow();
  });

  function job_of(row: JobRow): Job | undefined {
    const id = row.backtest_id ?? row.study_id;
    return id === undefined ? undefined : { id, row };
  }

  const sorted = (list: Job[]) => list.sort((a, b) => (b.row.created_at ?? "~").localeCompare(a.row.created_at ?? "~"));
  const state_of = (id: string, row: JobRow) => progress.get(id)?.status ?? row.status;

  async function load_more(): Promise<void> {
    if (!next_cursor.value) return;
    try {
      const page = await list_jobs(family, page_size, next_cursor.value);
      const known = new Set(jobs.value.map(({ id }) => id));
      jobs.value = [...jobs.value, ...page.rows.map(job_of).filter((job): job is Job => job !== undefined && !known.has(job.id))];
      next_cursor.value = page.next_cursor;
    } catch (error) {
      notices.failure(error);
    }
  }

  /// Watches the newest jobs that have not ended.
  function follow(): void {
    const open = jobs.value.filter(({ id, row }) => !is_final(state_of(id, row)) && !watches.has(id));
    for (const { id, row } of open.slice(0, watch_limit - watches.size)) watch(id, row);
  }

  function watch(id: string, row: JobRow): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const watched = new ProgressWatch(
      {
        url: `${scheme}//${location.host}${progress_path(family, id)}`, socket: browser_socket, clock: browser_clock,
        read_state: () => job_state(family, id),
      },
      {
        changed: (next) => progress.set(id, next),
        ended: (last) => {
          finish(id, { status: last.status, progress: last.progress, completed_at: new Date().toISOString() });
          ended(id);
          void part.ask();
        },
        lost: (reason) => {
          notices.show("warning", `${label_of(id)}: ${reason}`);
          finish(id, {});
        },
      },
    );
    watches.set(id, watched);
    watched.take({ status: row.status, progress: row.progress });
    watched.start();
  }

  function finish(id: string, last: Partial<JobRow>): void {
    watches.get(id)?.stop();
    watches.delete(id);
    jobs.value = jobs.value.map((job) => (job.id === id ? { ...job, row: { ...job.row, ...last } } : job));
    follow();
  }

  /// Takes a job that the node has just accepted.
  function accepted(id: string, label: string, symbols: string[]): void {
    labels.value = Object.fromEntries([[id, label] as const, ...Object.entries(labels.value)].slice(0, labels_kept));
    save(`${family}.labels`, labels.value);
    const row: JobRow = { status: "queued", progress: 0, symbols };
    if (!jobs.value.some((job) => job.id === id)) jobs.value = [{ id, row }, ...jobs.value];
    selected_id.value = id;
    follow();
    void part.ask();
  }

  async function cancel(id: string): Promise<void> {
    try {
      await cancel_job(family, id);
      await part.ask();
    } catch (error) {
      notices.failure(error);
    }
  }

  /// Sends what the form has made. @return whether the node took it; what it objects to stands in `problems`.
  async function send<R extends { symbols: string[] }>(request: R, script: string | undefined, post: (request: R) => Promise<string>): Promise<boolean> {
    sending.value = true;
    try {
      const id = await post(request);
      accepted(id, `${script ?? "script"} · ${request.symbols.slice(0, 3).join(", ")}`, request.symbols);
      return true;
    } catch (error) {
      notices.failure(error);
      problems.value = gateway_problems(error_text(error), error instanceof ApiError ? error.fields : []);
      return false;
    } finally {
      sending.value = false;
    }
  }

  const label_of = (id: string) => labels.value[id] ?? id;

  return { jobs, progress, part, next_cursor, selected_id, running, load_more, accepted, send, problems, sending, cancel, label_of, state_of };
}
