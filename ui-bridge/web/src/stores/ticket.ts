import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";
import { last_of } from "../api/gateway";
import { ApiError, error_text } from "../api/http";
import { place_order, preview_order } from "../api/trading";
import type { Quote } from "../api/types";
import type { Order, OrderPreview, OrderRequest } from "../api/trading_types";
import type { Problems } from "../jobs/request_form";
import { build_order, fresh_order, new_client_order_id } from "../trading/order_form";
import type { OrderForm } from "../trading/order_form";
import { worth_of } from "../trading/order_preview";
import type { RiskBasis } from "../trading/order_size";
import { use_instruments } from "./instruments";
import { use_notices } from "./notices";
import { use_trading } from "./trading";
import { use_workspace } from "./workspace";

/// The order ticket: fill in, preview (all checks, nothing reserved), send.
/// What is sent is exactly what was previewed; a change of any field asks for
/// a new preview.

export const use_ticket = defineStore("ticket", () => {
  const trading = use_trading();
  const workspace = use_workspace();
  const notices = use_notices();
  const instruments = use_instruments();
  const form = ref<OrderForm>(fresh_order(workspace.symbol, ""));
  const problems = ref<Problems>({});
  const previewed = shallowRef<{ request: OrderRequest; preview: OrderPreview }>();
  const failure = ref("");
  const busy = ref(false);
  /// The gateway's answer to the last order sent.
  const answer = shallowRef<Order>();
  /// One id per order, kept over retries: sending twice makes one order.
  let client_order_id = new_client_order_id();
  /// Counts changes of the form: a preview of what has changed since is void.
  let edits = 0;

  const symbol = computed(() => form.value.symbol.trim().toUpperCase());
  /// The live quote of that symbol, from the panel that shows it.
  const quote = shallowRef<Quote>();

  const account = computed(() => trading.accounts.get(form.value.account_id) ?? trading.account);
  /// The last order as it is now, once the stream has told of it.
  const sent = computed(() => (answer.value ? (trading.order_of(answer.value.order_id) ?? answer.value) : undefined));
  const is_live = computed(() => account.value?.mode === "live");

  watch(form, () => {
    edits += 1;
    previewed.value = undefined;
    failure.value = "";
    client_order_id = new_client_order_id();
  }, { deep: true });

  /// Until something is typed the ticket follows the shown symbol.
  watch(() => workspace.symbol, (symbol) => {
    if (form.value.quantity === "" && symbol !== "") form.value.symbol = symbol;
  });

  function fill(draft: Partial<OrderForm>): void {
    form.value = { ...fresh_order(workspace.symbol, form.value.account_id), ...draft };
    problems.value = {};
    answer.value = undefined;
  }

  /// What a size by risk is reckoned from, as far as it is known.
  const basis = computed((): RiskBasis => {
    const detail = instruments.known.get(symbol.value)?.detail;
    const figure = (name: string) => (Number(detail?.[name]) > 0 ? Number(detail?.[name]) : 1);
    const { bid, ask } = quote.value ?? {};
    const is_buy = form.value.side === "buy" || form.value.side === "buy_to_cover";
    return {
      equity: account.value?.total_equity ?? undefined, entry: (is_buy ? ask : bid) ?? last_of(quote.value), multiplier: figure("multiplier"), lot: figure("lot"),
      account_currency: account.value?.currency ?? "", currency: detail?.currency ?? "",
    };
  });

  const worth = computed(() => (form.value.size_by === "quantity" ? worth_of(form.value, basis.value) : undefined));

  function built(): OrderRequest | undefined {
    const result = build_order({ ...form.value, account_id: form.value.account_id || trading.account_id }, basis.value);
    problems.value = result.problems ?? {};
    return result.request;
  }

  function take_failure(error: unknown): void {
    failure.value = error_text(error);
    notices.note("error", failure.value);
    if (error instanceof ApiError) for (const { field, text } of error.fields) problems.value = { ...problems.value, [field]: text };
  }

  async function preview(): Promise<void> {
    if (busy.value) return;
    // a size by risk needs the instrument's lot and multiplier
    if (form.value.size_by === "risk" && symbol.value !== "") await instruments.need(symbol.value).catch(take_failure);
    const request = built();
    if (!request) return;
    busy.value = true;
    failure.value = "";
    answer.value = undefined;
    const asked_at = edits;
    try {
      const preview = await preview_order(request);
      if (edits === asked_at) previewed.value = { request, preview };
    } catch (error) {
      take_failure(error);
    } finally {
      busy.value = false;
    }
  }

  async function send(): Promise<void> {
    const request = previewed.value?.request;
    if (!request || busy.value) return;
    busy.value = true;
    failure.value = "";
    try {
      answer.value = await place_order({ ...request, client_order_id });
      previewed.value = undefined;
      client_order_id = new_client_order_id();
    } catch (error) {
      take_failure(error);
      // A refusal is final for this id; anything else may be tried again with it.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
        previewed.value = undefined;
        client_order_id = new_client_order_id();
      }
    } finally {
      busy.value = false;
    }
  }

  const back = () => (previewed.value = undefined);

  return { form, problems, previewed, failure, busy, sent, account, is_live, quote, worth, fill, preview, send, back };
});
