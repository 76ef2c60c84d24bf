import { defineStore } from "pinia";
import { ref, shallowReactive, shallowRef } from "vue";
import { ApiError, error_text } from "../api/http";
import { create_paper_account, fetch_paper_accounts, fetch_paper_equity, fetch_paper_metrics, reset_paper_account } from "../api/paper";
import type { PaperAccount } from "../api/paper";
import type { EquityPoint } from "../api/job_types";
import { gateway_problems } from "../jobs/request_form";
import type { Problems } from "../jobs/request_form";
import { build_paper, fresh_paper } from "../trading/paper_form";
import type { PaperForm } from "../trading/paper_form";
import { use_notices } from "./notices";
import { make_part } from "./part";
import { use_trading } from "./trading";

/// Paper accounts: made, looked at, started over. Their figures of the moment
/// come with the accounts of the trading store.

export interface PaperDetails {
  metrics?: Record<string, unknown>;
  equity?: EquityPoint[];
  failure?: string;
}

export const use_paper = defineStore("paper", () => {
  const notices = use_notices();
  const trading = use_trading();
  const accounts = shallowRef<readonly PaperAccount[]>([]);
  const details = shallowReactive(new Map<string, PaperDetails>());
  const form = ref<PaperForm>(fresh_paper());
  const form_open = ref(false);
  const problems = ref<Problems>({});
  const busy = ref(false);

  const part = make_part(async () => {
    accounts.value = await fetch_paper_accounts();
  });
  const need = () => {
    if (part.state.value.kind === "asking") void part.ask();
  };

  function open_form(): void {
    form.value = fresh_paper();
    problems.value = {};
    form_open.value = true;
  }

  /// The list of accounts has changed: everybody who shows it reads it again.
  async function read_again(): Promise<void> {
    await Promise.all([part.ask(), trading.accounts_part.ask()]);
  }

  async function submit(): Promise<boolean> {
    const built = build_paper(form.value);
    problems.value = built.problems ?? {};
    if (!built.request || busy.value) return false;
    busy.value = true;
    try {
      const account = await create_paper_account(built.request);
      form_open.value = false;
      notices.show("info", `Paper account ${account.account_id} opened`);
      await read_again();
      return true;
    } catch (error) {
      problems.value = gateway_problems(error_text(error), error instanceof ApiError ? error.fields : []);
      notices.note("error", error_text(error));
      return false;
    } finally {
      busy.value = false;
    }
  }

  /// @param starting_cash decimal text; "" = as it started before.
  async function reset(id: string, starting_cash: string): Promise<boolean> {
    try {
      await reset_paper_account(id, starting_cash.trim() || undefined);
      details.delete(id);
      notices.show("info", `${id} starts over; its history is archived`);
      await read_again();
      return true;
    } catch (error) {
      notices.failure(error);
      return false;
    }
  }

  async function read_details(id: string): Promise<void> {
    const [metrics, equity] = await Promise.allSettled([fetch_paper_metrics(id), fetch_paper_equity(id)]);
    const failed = [metrics, equity].find((one) => one.status === "rejected");
    details.set(id, {
      ...(metrics.status === "fulfilled" ? { metrics: metrics.value } : {}), ...(equity.status === "fulfilled" ? { equity: equity.value } : {}),
      ...(failed?.status === "rejected" ? { failure: error_text(failed.reason) } : {}),
    });
  }

  return { accounts, details, form, form_open, problems, busy, part, need, open_form, submit, reset, read_details };
});
