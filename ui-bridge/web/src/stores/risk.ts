import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";
import { ask_resume, confirm_resume, emergency_stop, fetch_risk } from "../api/trading";
import type { StopMode } from "../api/trading";
import type { ResumeTicket, RiskState } from "../api/trading_types";
import { error_text } from "../api/http";
import { use_notices } from "./notices";
import { follow_part } from "./followed";
import type { FollowedPart } from "./followed";
import { use_trading } from "./trading";

/// Limits, breakers and the stop switch. Whether trading is stopped is what
/// the gateway says, not what was clicked.

export const use_risk = defineStore("risk", () => {
  const notices = use_notices();
  const trading = use_trading();
  const state = shallowRef<RiskState>();
  const dialog_open = ref(false);
  /// First step of resuming, until it is confirmed or has run out.
  const ticket = shallowRef<ResumeTicket & { until_ms: number }>();
  const failure = ref("");
  const busy = ref(false);
  const kill_active = computed(() => state.value?.kill_active ?? false);

  const part: FollowedPart = follow_part("risk", async () => {
    state.value = await fetch_risk(trading.account_id || undefined);
  }, (batch) => {
    for (const { data } of batch) {
      const told = data as (Partial<RiskState> & { account_id?: string }) | null | undefined;
      const is_other = told?.account_id !== undefined && told.account_id !== trading.account_id;
      if (state.value && !is_other && typeof told?.kill_active === "boolean") {
        state.value = { ...state.value, kill_active: told.kill_active, mode: told.mode ?? state.value.mode };
      }
    }
    void part.ask();
  });
  watch(() => trading.account_id, () => {
    if (part.state.value.kind !== "asking") void part.ask();
  });
  watch(part.state, ({ kind }) => {
    if (kind === "missing") state.value = undefined;
  });
  const { need } = part;

  async function attempt(run: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    failure.value = "";
    try {
      await run();
      return true;
    } catch (error) {
      failure.value = error_text(error);
      notices.note("error", failure.value);
      return false;
    } finally {
      busy.value = false;
      void part.ask();
    }
  }

  const stop = (mode: StopMode, reason: string) => attempt(async () => {
    const reply = await emergency_stop(mode, reason);
    const count = reply.cancel_requested?.length ?? 0;
    notices.show("warning", `Trading stopped (${reply.mode})${count > 0 ? `; orders being cancelled: ${count}` : ""}`);
  });

  /// Step 1: the gateway says what would still block, and gives a token.
  const prepare_resume = (reason: string) => attempt(async () => {
    const given = await ask_resume(reason);
    ticket.value = { ...given, until_ms: Date.now() + given.expires_in * 1000 };
  });

  /// Step 2.
  const resume = () => attempt(async () => {
    const token = ticket.value?.confirm_token;
    if (!token) return;
    ticket.value = undefined;
    await confirm_resume(token);
    notices.show("info", "Trading resumed");
  });

  function open_dialog(): void {
    failure.value = "";
    ticket.value = undefined;
    dialog_open.value = true;
    need();
  }

  return { state, part, kill_active, dialog_open, ticket, failure, busy, need, stop, prepare_resume, resume, open_dialog };
});
