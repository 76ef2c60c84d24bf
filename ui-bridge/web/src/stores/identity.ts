import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { set_bearer, set_csrf } from "../api/bearer";
import { ApiError, error_text, on_unknown_caller } from "../api/http";
import { confirm_totp, create_token, fetch_me, fetch_tokens, log_in, log_out, offer_totp, remove_totp, revoke_token } from "../api/identity";
import type { AccessToken, Me, Role, TotpOffer } from "../api/identity";
import { use_notices } from "./notices";
import { make_part } from "./part";

/// Who this window is to the node. A token lives as long as the tab: it is in
/// sessionStorage and nowhere else.

const storage_key = "tt.token";

/// Before the first request.
export function show_kept_token(): void {
  try {
    set_bearer(sessionStorage.getItem(storage_key) ?? "");
  } catch {
    // Storage is shut: the token has to be given again.
  }
}

function keep(token: string): boolean {
  try {
    if (token === "") sessionStorage.removeItem(storage_key);
    else sessionStorage.setItem(storage_key, token);
    return true;
  } catch {
    return false;
  }
}

export interface TokenForm {
  name: string;
  role: Role;
  /// A comma list; empty = paper accounts, of an admin all.
  accounts: string;
  /// Empty = never expires.
  days: string;
}

const fresh_form = (): TokenForm => ({ name: "", role: "trader", accounts: "", days: "" });

export const use_identity = defineStore("identity", () => {
  const notices = use_notices();
  const me = shallowRef<Me>();
  const failure = ref("");
  const tokens = shallowRef<readonly AccessToken[]>([]);
  /// The token that was just made, until it is put away.
  const made = shallowRef<{ name: string; token: string }>();
  const form = ref<TokenForm>(fresh_form());
  const busy = ref(false);
  /// The node does not know who asks: nothing can be shown until somebody signs in.
  const is_unknown = ref(false);
  /// The password was right; what is missing is a one-time code.
  const needs_code = ref(false);
  /// A key for one-time codes that waits for its first code.
  const offer = shallowRef<TotpOffer>();
  const is_admin = computed(() => me.value?.role === "admin");

  const part = make_part(async () => {
    tokens.value = await fetch_tokens();
  });

  async function look(): Promise<void> {
    try {
      me.value = await fetch_me();
      set_csrf(me.value.csrf_token ?? "");
      is_unknown.value = false;
      failure.value = "";
      if (is_admin.value) await part.ask();
    } catch (error) {
      me.value = undefined;
      is_unknown.value = error instanceof ApiError && error.status === 401;
      failure.value = error_text(error);
    }
  }
  // A session ends some time, a token is revoked: whichever request hears of it first.
  on_unknown_caller(() => (is_unknown.value = true));

  /// Opens a session. @return whether the node did; then the page should load anew.
  async function sign_in(username: string, password: string, code = ""): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    failure.value = "";
    try {
      set_bearer("");
      set_csrf(await log_in({ username: username.trim(), password, ...(code.trim() === "" ? {} : { totp: code.trim() }) }));
      keep("");
      needs_code.value = false;
      return true;
    } catch (error) {
      const why = error instanceof ApiError ? error.code : undefined;
      const asked = why === "auth.totp_required" && !needs_code.value;
      needs_code.value = why === "auth.totp_required" || why === "auth.totp";
      // to be asked for the second half is no failure
      failure.value = asked ? "" : error_text(error);
      return false;
    } finally {
      busy.value = false;
    }
  }

  /// One step of the own one-time codes. @return whether the node took it.
  async function change_codes(step: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    failure.value = "";
    try {
      await step();
      return true;
    } catch (error) {
      failure.value = error_text(error);
      return false;
    } finally {
      busy.value = false;
    }
  }
  const ask_codes = (password: string) => change_codes(async () => void (offer.value = await offer_totp(password)));
  const confirm_codes = (code: string) =>
    change_codes(async () => {
      await confirm_totp(code.trim());
      offer.value = undefined;
      if (me.value) me.value = { ...me.value, totp_enabled: true };
    });
  const remove_codes = (password: string, code: string) =>
    change_codes(async () => {
      await remove_totp(password, code.trim());
      if (me.value) me.value = { ...me.value, totp_enabled: false };
    });
  const drop_offer = () => (offer.value = undefined);

  /// Ends the session. @return whether the node did.
  async function sign_out(): Promise<boolean> {
    try {
      await log_out();
      set_csrf("");
      return true;
    } catch (error) {
      notices.failure(error);
      return false;
    }
  }

  /// Takes a token once the node has said that it is one. @return whether it is; then
  /// the page should load anew, so that every part is asked as that caller.
  async function take(token: string): Promise<boolean> {
    set_bearer(token.trim());
    await look();
    if (me.value?.kind === "token" && keep(token.trim())) return true;
    if (failure.value === "") failure.value = "The browser keeps nothing for this page; the token can't be used here";
    set_bearer("");
    return false;
  }

  function forget(): void {
    keep("");
    set_bearer("");
  }

  async function create(): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    try {
      const { name, role, accounts, days } = form.value;
      const list = accounts.split(",").map((one) => one.trim()).filter((one) => one !== "");
      const { token, ...rest } = await create_token({
        name: name.trim(), role, ...(list.length > 0 ? { accounts: list } : {}), ...(days.trim() === "" ? {} : { expires_in_days: Number(days) }),
      });
      tokens.value = [...tokens.value, rest];
      if (token) made.value = { name: rest.name, token };
      form.value = fresh_form();
      failure.value = "";
      return true;
    } catch (error) {
      failure.value = error_text(error);
      return false;
    } finally {
      busy.value = false;
    }
  }

  async function revoke(id: string): Promise<void> {
    try {
      await revoke_token(id);
      tokens.value = tokens.value.filter((one) => one.id !== id);
    } catch (error) {
      notices.failure(error);
    }
  }

  const put_away = () => (made.value = undefined);

  return { me, failure, tokens, made, form, busy, is_admin, is_unknown, needs_code, offer, part, look, ask_codes, confirm_codes, remove_codes, drop_offer, sign_in, sign_out, take, forget, create, revoke, put_away };
});
