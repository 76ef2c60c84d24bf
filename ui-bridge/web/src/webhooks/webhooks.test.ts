import { describe, expect, it } from "vitest";
import type { WebhookProfile } from "../api/webhook_types";
import { build_profile, form_of, fresh_profile, openness, rule_words, tradingview_addresses } from "./profile_form";
import { message_templates, placeholders, reach_problem, secret_blank, webhook_url } from "./templates";

const form = (change: object) => ({ ...fresh_profile("paper_simulator"), name: "breakout", ...change });
const profile = (more: Partial<WebhookProfile> = {}): WebhookProfile => ({ id: "w1", name: "breakout", account_id: "paper_simulator", ...more });

describe("profile form", () => {
  it("makes a new profile of what was typed", () => {
    expect(build_profile(form({ symbols: "mnq1!, es1!", max_quantity: "2", sell: false, body_secret: "s3cret", expect_every_s: "3600" })).request).toEqual({
      name: "breakout", account_id: "paper_simulator", rules: { body_secret: "s3cret" }, scope: { symbols: ["MNQ1!", "ES1!"], max_quantity: "2", sides: ["buy"] },
      freshness_s: 60, sync_mode: "order", out_of_step: "refuse", expect_every_s: 3600,
    });
  });

  it("leaves secrets alone unless they are typed or taken away", () => {
    const known = profile({ rules: { body_secret: "***", hmac_key: true, ip_allow: ["1.2.3.4"] } });
    expect(build_profile(form_of(known), known).request?.rules).toEqual({ ip_allow: ["1.2.3.4"] });
    expect(build_profile({ ...form_of(known), drop_body_secret: true, hmac_key: "k", ip_allow: "" }, known).request?.rules).toEqual({ body_secret: null, hmac_key: "k", ip_allow: [] });
    expect(form_of(known).body_secret).toBe("");
  });

  it.each([
    [{ name: " " }, "name"], [{ account_id: "" }, "account_id"], [{ ip_allow: "1.2.3.4, 300.1.1.1" }, "ip_allow"], [{ ip_allow: "example.org" }, "ip_allow"], [{ max_quantity: "0" }, "max_quantity"],
    [{ buy: false, sell: false }, "sides"], [{ freshness_s: "0" }, "freshness_s"], [{ freshness_s: "1.5" }, "freshness_s"], [{ expect_every_s: "often" }, "expect_every_s"],
  ])("names the field of %o", (change, field) => expect(Object.keys(build_profile(form(change)).problems ?? {})).toEqual([field]));

  it("takes addresses, networks and TradingView's own", () => {
    expect(build_profile(form({ ip_allow: `${tradingview_addresses.join("\n")} 10.0.0.0/8;2001:db8::/32` })).request?.rules?.ip_allow).toHaveLength(6);
  });

  it("says which rules hold, and that none does", () => {
    expect(rule_words(profile({ rules: { body_secret: true, mtls: true, ip_allow: [] } }))).toEqual(["secret", "certificate"]);
    expect(openness(profile())).not.toBe("");
    expect(openness(profile({ rules: { hmac_key: "***" } }))).toBe("");
  });
});

describe("messages for TradingView", () => {
  const all = [profile(), profile({ rules: { body_secret: "***" } }), profile({ sync_mode: "position", strategy_id: "orb" })].flatMap(message_templates);

  it("use only placeholders that TradingView fills in", () => {
    const used = all.flatMap(({ text }) => [...text.matchAll(/\{\{([^}]*)\}\}/g)].map(([, name]) => name));
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((name) => !(placeholders as readonly string[]).includes(name!))).toEqual([]);
  });

  it("are JSON where they look like it, also after TradingView has filled them in", () => {
    for (const { id, text } of all) if (id !== "text") expect(() => JSON.parse(text.replaceAll(/\{\{[^}]*\}\}/g, "1.5")) as unknown, text).not.toThrow();
  });

  it("carry the time, which tells a late one and a repeated one", () => {
    for (const { text } of all) expect(text).toContain("{{timenow}}");
  });

  it("have a place for the secret exactly where the profile asks for one", () => {
    expect(message_templates(profile()).some(({ text }) => text.includes("secret"))).toBe(false);
    for (const { text } of message_templates(profile({ rules: { body_secret: "***" } }))) expect(text).toContain(secret_blank);
  });

  it("begin with the one that fits the profile", () => {
    expect(message_templates(profile())[0]!.id).toBe("strategy");
    expect(message_templates(profile({ sync_mode: "position" }))[0]!.id).toBe("position");
    expect(message_templates(profile({ strategy_id: "orb" }))[0]!.text).toContain('"name": "orb"');
  });

  it("go to an address that TradingView can reach", () => {
    expect(webhook_url("https://t.example.org", "abc")).toBe("https://t.example.org/webhook/tradingview/abc");
    expect(reach_problem("https://t.example.org")).toBe("");
    expect(reach_problem("http://127.0.0.1:8080")).toContain("own address");
    expect(reach_problem("https://192.168.1.4")).toContain("private");
    expect(reach_problem("https://t.example.org:8443")).toContain("443");
  });
});
