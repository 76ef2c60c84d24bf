import type { OutOfStep, SyncMode, WebhookProfile, WebhookRequest } from "../api/webhook_types";
import { symbol_list } from "../jobs/request_form";
import type { Problems } from "../jobs/request_form";
import { is_positive_decimal } from "../trading/order_form";

/// The form of a webhook profile: text as typed, checked, made into the
/// request. Secrets are only ever sent, never read back.

/// Addresses that TradingView says it posts from.
export const tradingview_addresses = ["52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7"] as const;

export const default_freshness_s = "60";

export interface ProfileForm {
  name: string;
  account_id: string;
  strategy_id: string;
  /// Empty = as it is.
  body_secret: string;
  drop_body_secret: boolean;
  hmac_key: string;
  drop_hmac_key: boolean;
  /// Addresses or networks, with commas, blanks or lines between them.
  ip_allow: string;
  mtls: boolean;
  symbols: string;
  max_quantity: string;
  buy: boolean;
  sell: boolean;
  freshness_s: string;
  sync_mode: SyncMode;
  out_of_step: OutOfStep;
  /// Empty = none is expected.
  expect_every_s: string;
}

export function fresh_profile(account_id: string): ProfileForm {
  return {
    name: "", account_id, strategy_id: "", body_secret: "", drop_body_secret: false, hmac_key: "", drop_hmac_key: false, ip_allow: "", mtls: false, symbols: "", max_quantity: "",
    buy: true, sell: true, freshness_s: default_freshness_s, sync_mode: "order", out_of_step: "refuse", expect_every_s: "",
  };
}

export function form_of(profile: WebhookProfile): ProfileForm {
  const { rules, scope } = profile;
  const sides = scope?.sides ?? [];
  const text = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));
  return {
    ...fresh_profile(profile.account_id ?? ""), name: profile.name, strategy_id: profile.strategy_id ?? "", ip_allow: (rules?.ip_allow ?? []).join(", "), mtls: rules?.mtls ?? false,
    symbols: (scope?.symbols ?? []).join(", "), max_quantity: text(scope?.max_quantity), buy: sides.length === 0 || sides.includes("buy"), sell: sides.length === 0 || sides.includes("sell"),
    freshness_s: text(profile.freshness_s ?? 60), sync_mode: profile.sync_mode ?? "order", out_of_step: profile.out_of_step ?? "refuse", expect_every_s: text(profile.expect_every_s),
  };
}

/// Whether a rule is set, however the gateway masks it.
export const is_set = (rule: unknown): boolean => (Array.isArray(rule) ? rule.length > 0 : Boolean(rule));

/// Rules that are in force, in words; empty = anybody who knows the address.
export function rule_words({ rules }: Pick<WebhookProfile, "rules">): string[] {
  const words: string[] = [];
  if (is_set(rules?.body_secret)) words.push("secret");
  if (is_set(rules?.hmac_key)) words.push("HMAC");
  if (is_set(rules?.ip_allow)) words.push("addresses");
  if (is_set(rules?.mtls)) words.push("certificate");
  return words;
}

export type BuiltProfile = { request: WebhookRequest; problems?: undefined } | { request?: undefined; problems: Problems };

/// @param known the profile that is changed; undefined = a new one.
export function build_profile(form: ProfileForm, known?: WebhookProfile): BuiltProfile {
  const problems: Problems = {};
  const name = form.name.trim();
  if (name === "") problems["name"] = "Needed";
  if (form.account_id === "") problems["account_id"] = "Choose an account";
  const addresses = form.ip_allow.split(/[\s,;]+/).filter(Boolean);
  const wrong = addresses.find((one) => !is_address(one));
  if (wrong !== undefined) problems["ip_allow"] = `“${wrong}” is no address`;
  const max_quantity = form.max_quantity.trim();
  if (max_quantity !== "" && !is_positive_decimal(max_quantity)) problems["max_quantity"] = "A number above 0";
  if (!form.buy && !form.sell) problems["sides"] = "Choose at least one side";
  const freshness_s = seconds(form.freshness_s, "freshness_s", problems);
  const expect_every_s = form.expect_every_s.trim() === "" ? null : seconds(form.expect_every_s, "expect_every_s", problems);
  const rules = rules_of(form, addresses, known);
  if (Object.keys(problems).length > 0) return { problems };
  const strategy_id = form.strategy_id.trim();
  return {
    request: {
      name, account_id: form.account_id, ...(strategy_id !== "" ? { strategy_id } : known?.strategy_id ? { strategy_id: null } : {}), rules,
      scope: { symbols: symbol_list(form.symbols), max_quantity: max_quantity || null, sides: [...(form.buy ? ["buy"] : []), ...(form.sell ? ["sell"] : [])] },
      freshness_s, sync_mode: form.sync_mode, out_of_step: form.out_of_step, ...(expect_every_s !== null || known?.expect_every_s ? { expect_every_s } : {}),
    },
  };
}

function rules_of(form: ProfileForm, addresses: string[], known: WebhookProfile | undefined): NonNullable<WebhookRequest["rules"]> {
  const rules: NonNullable<WebhookRequest["rules"]> = {};
  if (form.body_secret !== "") rules.body_secret = form.body_secret;
  else if (form.drop_body_secret) rules.body_secret = null;
  if (form.hmac_key !== "") rules.hmac_key = form.hmac_key;
  else if (form.drop_hmac_key) rules.hmac_key = null;
  if (addresses.length > 0 || is_set(known?.rules?.ip_allow)) rules.ip_allow = addresses;
  if (form.mtls || is_set(known?.rules?.mtls)) rules.mtls = form.mtls;
  return rules;
}

function seconds(text: string, field: string, problems: Problems): number {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value < 1) problems[field] = "Whole seconds, 1 or more";
  return value;
}

/// An IPv4 or IPv6 address or network, or the preset; the gateway checks it for good.
function is_address(text: string): boolean {
  if (text === "tradingview") return true;
  const [address, bits, ...rest] = text.split("/");
  if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return false;
  const octets = address!.split(".");
  if (octets.length === 4) return octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255);
  return /^[0-9a-f:.]+$/i.test(address!) && address!.includes(":");
}

/// What a profile lets anybody do who is not let in by its rules.
export function openness(profile: Pick<WebhookProfile, "rules">): string {
  return rule_words(profile).length > 0 ? "" : "No rule besides the address: outside of this computer the node refuses such posts unless it serves TLS.";
}
