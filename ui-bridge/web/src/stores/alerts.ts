import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import type { Alert, AlertRequest } from "../api/alert_types";
import { change_alert, create_alert, delete_alert, fetch_alerts, steer_alert } from "../api/alerts";
import { ApiError, error_text } from "../api/http";
import { alert_text, build_alert, form_of, fresh_alert } from "../alerts/alert_form";
import type { AlertForm } from "../alerts/alert_form";
import { fold_alerts, put_alerts, sorted_alerts } from "../alerts/alert_rows";
import { gateway_problems } from "../jobs/request_form";
import type { Problems } from "../jobs/request_form";
import { use_connection } from "./connection";
import { follow_part } from "./followed";
import { use_notices } from "./notices";
import { use_workspace } from "./workspace";

/// Price alerts on the node: the list, the form, what has triggered.

const alerts_read = 500;

export const use_alerts = defineStore("alerts", () => {
  const notices = use_notices();
  const connection = use_connection();
  const workspace = use_workspace();
  const rows = shallowRef<ReadonlyMap<string, Alert>>(new Map());
  const alerts = computed(() => sorted_alerts(rows.value));
  const active = computed(() => alerts.value.filter(({ alert_status }) => alert_status === "active"));

  const form = ref<AlertForm>(fresh_alert(workspace.symbol));
  const form_open = ref(false);
  /// The alert that the form changes; undefined = it makes a new one.
  const editing = shallowRef<Alert>();
  const problems = ref<Problems>({});
  const busy = ref(false);

  const part = follow_part("alerts", async () => {
    rows.value = put_alerts(new Map(), await fetch_alerts(alerts_read));
  }, (batch) => {
    const { rows: next, triggered } = fold_alerts(rows.value, batch);
    rows.value = next;
    for (const alert of triggered) notices.show("warning", `Alert: ${alert.message || alert_text(alert)}`);
  });

  function open_form(draft: Partial<AlertForm> = {}, alert?: Alert): void {
    form.value = alert ? form_of(alert) : { ...fresh_alert(workspace.symbol), ...draft };
    editing.value = alert;
    problems.value = {};
    form_open.value = true;
    part.need();
  }

  function close_form(): void {
    form_open.value = false;
    editing.value = undefined;
  }

  /// Sends the form. @return whether the node took it.
  async function submit(): Promise<boolean> {
    const known = editing.value;
    const result = build_alert(form.value, connection.server_now(), known);
    problems.value = result.problems ?? {};
    if (!result.request || busy.value) return false;
    busy.value = true;
    try {
      await send(result.request, known?.alert_id);
      close_form();
      return true;
    } catch (error) {
      problems.value = gateway_problems(error_text(error), error instanceof ApiError ? error.fields : []);
      notices.note("error", error_text(error));
      return false;
    } finally {
      busy.value = false;
    }
  }

  async function send(request: AlertRequest, alert_id?: string): Promise<Alert> {
    const alert = alert_id === undefined ? await create_alert(request) : await change_alert(alert_id, request);
    rows.value = put_alerts(rows.value, [alert]);
    return alert;
  }

  /// Runs a change; a failure shows with the gateway's text, and what the node
  /// has is read again.
  async function attempt(run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      notices.failure(error);
      if (part.state.value.kind === "ready") void part.ask();
      return false;
    }
  }

  /// Makes an alert without the form: a command, the chart.
  const create = (request: AlertRequest) => attempt(async () => {
    const alert = await send(request);
    notices.show("info", `Alert set: ${alert_text(alert)}`);
    part.need();
  });

  const move = (alert_id: string, price: string) => attempt(async () => {
    await send({ condition_value: price }, alert_id);
  });

  const steer = (alert_id: string, what: "pause" | "resume") => attempt(async () => {
    const alert = await steer_alert(alert_id, what);
    if (alert?.alert_status) rows.value = put_alerts(rows.value, [{ ...alert, alert_id }]);
    else await part.ask();
  });

  const remove = (alert_id: string) => attempt(async () => {
    await delete_alert(alert_id);
    rows.value = new Map([...rows.value].filter(([id]) => id !== alert_id));
    if (editing.value?.alert_id === alert_id) close_form();
  });

  return { alerts, active, form, form_open, editing, problems, busy, part, open_form, close_form, submit, create, move, steer, remove };
});
