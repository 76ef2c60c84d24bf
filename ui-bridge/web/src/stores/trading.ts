import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";
import {
  cancel_order, cancel_orders, change_order, close_position, fetch_accounts, fetch_executions, fetch_orders, fetch_positions, flatten,
} from "../api/trading";
import type { Account, Execution, Order, Position } from "../api/trading_types";
import { is_working } from "../api/trading_types";
import { fold_accounts, fold_positions, orders_in, positions_of, put_executions, put_orders, replace_orders, rows_of, sorted_orders } from "../trading/fold";
import { use_notices } from "./notices";
import { follow_part } from "./followed";
import type { FollowedPart } from "./followed";
import { is_string, load, save } from "./storage";

/// Accounts, orders, executions and positions as the gateway tells them: read
/// once, then followed on the lossless channels. Nothing is shown that the
/// gateway has not said.

const orders_read = 500;
const executions_read = 500;

export const use_trading = defineStore("trading", () => {
  const notices = use_notices();
  const accounts = shallowRef<ReadonlyMap<string, Account>>(new Map());
  const order_rows = shallowRef<ReadonlyMap<string, Order>>(new Map());
  const executions = shallowRef<readonly Execution[]>([]);
  const position_rows = shallowRef<ReadonlyMap<string, Position>>(new Map());
  const chosen_account = ref(load("account", is_string, ""));
  /// Orders the stream told of since the running read was asked for.
  let told_since = new Set<string>();

  const account = computed<Account | undefined>(() => {
    const all = [...accounts.value.values()];
    return accounts.value.get(chosen_account.value) ?? all.find(({ is_default }) => is_default) ?? all[0];
  });
  const account_id = computed(() => account.value?.account_id ?? "");
  const orders = computed(() => sorted_orders(order_rows.value));
  const working = computed(() => orders.value.filter(is_working));
  const positions = computed(() => [...position_rows.value.values()].sort((a, b) => a.symbol.localeCompare(b.symbol)));

  const accounts_part = follow_part("account", async () => {
    accounts.value = fold_accounts(new Map(), await fetch_accounts());
  }, (batch) => (accounts.value = fold_accounts(accounts.value, batch.map(({ data }) => data))));

  const orders_part: FollowedPart = follow_part("orders", async () => {
    told_since = new Set();
    order_rows.value = replace_orders(order_rows.value, await fetch_orders(orders_read), told_since);
  }, (batch) => {
    const { orders: fresh, had_snapshot } = orders_in(batch);
    for (const row of fresh) if (typeof (row as Order | null)?.order_id === "string") told_since.add((row as Order).order_id);
    order_rows.value = put_orders(order_rows.value, fresh);
    if (had_snapshot) void orders_part.ask();
  });

  const executions_part = follow_part("executions", async () => {
    executions.value = put_executions([], await fetch_executions(executions_read));
  }, (batch) => (executions.value = put_executions(executions.value, batch.flatMap(({ data }) => rows_of(data, "executions")))));

  const positions_part = follow_part("positions", async () => {
    position_rows.value = positions_of(await fetch_positions());
  }, (batch) => (position_rows.value = fold_positions(position_rows.value, batch)));

  // A node that gave its accounts away knows nothing of them any more: what it told
  // would stand in panels and charts as if it held.
  const forget_when_missing = ({ state }: FollowedPart, forget: () => void) => watch(state, ({ kind }) => kind === "missing" && forget());
  forget_when_missing(accounts_part, () => (accounts.value = new Map()));
  forget_when_missing(orders_part, () => (order_rows.value = new Map()));
  forget_when_missing(executions_part, () => (executions.value = []));
  forget_when_missing(positions_part, () => (position_rows.value = new Map()));
  watch(accounts_part.state, (now, before) => {
    const was_lost = before.kind === "missing" && before.lost;
    if (now.kind === "missing" && now.lost && !was_lost) notices.show("warning", "No accounts here any more; in a cluster they may have moved to another node");
    if (now.kind === "ready" && was_lost) notices.show("info", "Accounts are here again");
  });

  const need = (...parts: FollowedPart[]) => parts.forEach((part) => part.need());
  const need_accounts = () => need(accounts_part);
  const need_orders = () => need(accounts_part, orders_part);
  const need_executions = () => need(accounts_part, executions_part);
  const need_positions = () => need(accounts_part, positions_part);

  function choose(id: string): void {
    chosen_account.value = id;
    save("account", id);
  }

  /// Runs a request and shows its failure with the gateway's text.
  async function tell<T>(run: () => Promise<T>, done?: (reply: T) => string): Promise<boolean> {
    try {
      const reply = await run();
      if (done) notices.show("info", done(reply));
      return true;
    } catch (error) {
      notices.failure(error);
      return false;
    }
  }

  const order_of = (id: string): Order | undefined => order_rows.value.get(id);

  const cancel = (order_id: string) => tell(async () => {
    const reply = await cancel_order(order_id);
    if (reply.changed === false) notices.show("info", `Order ${order_id} had already ended`);
  });
  /// Asks for another price. The order moves when the node says so.
  const move_order = ({ order_id, version }: Order, field: "price" | "stop_price", price: string) => tell(async () => {
    const order = await change_order(order_id, { [field]: price, ...(version === undefined ? {} : { if_version: version }) });
    if (typeof order?.order_id === "string") order_rows.value = put_orders(order_rows.value, [order]);
  });
  const cancel_all = (symbol = "") => tell(
    () => cancel_orders({ account_id: account_id.value || undefined, symbol: symbol || undefined }),
    ({ requested, order_ids }) => `Orders being cancelled: ${requested ?? order_ids.length}`,
  );
  /// @param quantity decimal text; absent = all of it.
  const close = (symbol: string, id = account_id.value, quantity?: string) => tell(
    () => close_position(symbol, id, quantity), ({ orders: sent }) => `Closing ${symbol}: ${sent.length} order${sent.length === 1 ? "" : "s"}`,
  );
  const flatten_all = (reason: string) => tell(
    () => flatten(account_id.value, reason), ({ orders: sent, cancelled }) => `Flatten: ${sent.length} closing orders, ${cancelled.length} cancelled`,
  );

  return {
    accounts, account, account_id, orders, working, executions, positions, accounts_part, orders_part, executions_part, positions_part,
    need_accounts, need_orders, need_executions, need_positions, choose, order_of, cancel, move_order, cancel_all, close, flatten_all,
  };
});
