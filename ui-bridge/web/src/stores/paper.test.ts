import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeNode } from "./fakes";
import { use_paper } from "./paper";
import { use_trading } from "./trading";

let node: FakeNode;
const account = (account_id: string, more: object = {}) => ({ account_id, mode: "paper", total_equity: 100_000, ...more });

beforeEach(() => {
  setActivePinia(createPinia());
  node = new FakeNode();
  node.answer("GET /api/paper-trading/accounts", 200, { accounts: [account("paper_simulator", { fill_model: { price: "touch" } })] });
  node.answer("GET /api/v1/accounts", 200, { accounts: [account("paper_simulator")] });
});

describe("paper accounts", () => {
  it("say that they are switched off", async () => {
    node.answer("GET /api/paper-trading/accounts", 403, { detail: "ENABLE_PAPER_TRADING is off", error_code: "feature.disabled" });
    const paper = use_paper();
    await paper.part.ask();
    expect(paper.part.state).toMatchObject({ kind: "missing", switched_off: true });
  });

  it("are there for everybody once the node has opened them", async () => {
    const paper = use_paper();
    await paper.part.ask();
    paper.open_form();
    expect(await paper.submit()).toBe(false);
    paper.form.account_id = "paper-2";
    node.answer("POST /api/paper-trading/accounts", 201, account("paper-2"));
    node.answer("GET /api/v1/accounts", 200, { accounts: [account("paper_simulator"), account("paper-2")] });
    expect(await paper.submit()).toBe(true);
    expect([...use_trading().accounts.keys()]).toEqual(["paper_simulator", "paper-2"]);
  });

  it("start over only with the confirmation that the contract asks for", async () => {
    node.answer("POST /api/paper-trading/accounts/paper_simulator/reset", 200, account("paper_simulator"));
    const paper = use_paper();
    expect(await paper.reset("paper_simulator", " 5000 ")).toBe(true);
    expect(node.of("POST")[0]!.body).toEqual({ confirm: true, starting_cash: "5000" });
    await paper.reset("paper_simulator", "");
    expect(node.of("POST")[1]!.body).toEqual({ confirm: true });
  });

  it("show what could be read and why the rest could not", async () => {
    node.answer("GET /api/paper-trading/accounts/a/metrics", 200, { total_trades: 3 });
    node.answer("GET /api/paper-trading/accounts/a/equity", 503, { detail: "equity: not yet" });
    const paper = use_paper();
    await paper.read_details("a");
    expect(paper.details.get("a")).toEqual({ metrics: { total_trades: 3 }, failure: "equity: not yet" });
  });
});
