import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { bearer_header, bearer_protocols, csrf_header, set_bearer, set_csrf } from "../api/bearer";
import { request } from "../api/http";
import { FakeNode } from "./fakes";
import { show_kept_token, use_identity } from "./identity";

let node: FakeNode;
const me = (more: object = {}) => ({ user: "token:root", principal: "token:root", kind: "token", role: "admin", account_scope: "all", accounts: [], strategies: [], expires_at: null, ...more });
const row = (name: string) => ({ id: `t-${name}`, name, role: "viewer", accounts: [], strategies: [], allowed_ips: [], expires_at: null, is_expired: false, created_at: "2026-01-15T14:30:00.000Z", created_by: "token:root", last_used_at: null });

beforeEach(() => {
  setActivePinia(createPinia());
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text), removeItem: (key: string) => kept.delete(key) });
  set_bearer("");
  set_csrf("");
  node = new FakeNode();
  node.answer("GET /api/v1/auth/me", 200, me());
  node.answer("GET /api/v1/auth/tokens", 200, { tokens: [row("eyes")] });
});

describe("identity", () => {
  it("shows a token that the node knows, in this tab only", async () => {
    const identity = use_identity();
    expect(await identity.take(" tt_abc ")).toBe(true);
    expect(bearer_header()).toEqual({ authorization: "Bearer tt_abc" });
    expect(bearer_protocols()).toEqual(["tt.json", "bearer.tt_abc"]);
    expect(identity.tokens.map(({ name }) => name)).toEqual(["eyes"]);
    set_bearer("");
    show_kept_token(); // as a reload does
    expect(bearer_header()).toEqual({ authorization: "Bearer tt_abc" });
    identity.forget();
    show_kept_token();
    expect(bearer_header()).toEqual({});
    expect(bearer_protocols()).toEqual([]);
  });

  it("keeps no token that is none", async () => {
    node.answer("GET /api/v1/auth/me", 401, { detail: "the token is not known", error_code: "auth.invalid_token" });
    const identity = use_identity();
    expect(await identity.take("tt_wrong")).toBe(false);
    expect(identity.failure).toBe("the token is not known");
    expect(bearer_header()).toEqual({});
    expect(sessionStorage.getItem("tt.token")).toBeNull();
  });

  it("asks for no tokens as somebody who may not see them", async () => {
    node.answer("GET /api/v1/auth/me", 200, me({ kind: "local", role: "trader" }));
    await use_identity().look();
    expect(node.calls.map(({ path }) => path)).toEqual(["/api/v1/auth/me"]);
  });

  it("shows a new token once, and keeps it in no list", async () => {
    const identity = use_identity();
    await identity.look();
    node.answer("POST /api/v1/auth/tokens", 201, { ...row("desk"), token: "tt_new" });
    Object.assign(identity.form, { name: "desk", role: "trader", accounts: "a, b", days: "30" });
    expect(await identity.create()).toBe(true);
    expect(node.of("POST").at(-1)?.body).toEqual({ name: "desk", role: "trader", accounts: ["a", "b"], expires_in_days: 30 });
    expect(identity.made).toEqual({ name: "desk", token: "tt_new" });
    expect(JSON.stringify(identity.tokens)).not.toContain("tt_new");
    identity.put_away();
    expect(identity.made).toBeUndefined();
    node.answer("DELETE /api/v1/auth/tokens/t-desk", 200, { status: "revoked", id: "t-desk" });
    await identity.revoke("t-desk");
    expect(identity.tokens.map(({ name }) => name)).toEqual(["eyes"]);
  });

  it("is nobody until somebody signs in, by password or token", async () => {
    node.answer("GET /api/v1/auth/me", 401, { detail: "this needs an identity: a token or a session", error_code: "auth.required" });
    const identity = use_identity();
    await identity.look();
    expect(identity.is_unknown).toBe(true);
    node.answer("POST /api/v1/auth/login", 401, { detail: "user or password is wrong", error_code: "auth.login" });
    expect(await identity.sign_in("ann", "wrong")).toBe(false);
    expect(identity.failure).toBe("user or password is wrong");
    node.answer("POST /api/v1/auth/login", 200, { user: "ann", role: "trader", csrf_token: "c-1", expires_at: "2026-01-16T02:30:00.000Z" });
    expect(await identity.sign_in(" ann ", "right")).toBe(true);
    expect(node.of("POST").at(-1)?.body).toEqual({ username: "ann", password: "right" });
    expect(sessionStorage.getItem("tt.token")).toBeNull();
    expect(csrf_header("POST")).toEqual({ "x-csrf-token": "c-1" });
    expect(csrf_header("GET")).toEqual({});
  });

  it("is asked for a one-time code after a right password, and shows it with the next try", async () => {
    const identity = use_identity();
    node.answer("POST /api/v1/auth/login", 401, { detail: "user or password is wrong", error_code: "auth.login" });
    expect(await identity.sign_in("ann", "wrong")).toBe(false);
    expect(identity.needs_code).toBe(false);
    node.answer("POST /api/v1/auth/login", 401, { detail: "a one-time code is needed", error_code: "auth.totp_required" });
    expect(await identity.sign_in("ann", "right")).toBe(false);
    expect(identity.needs_code).toBe(true);
    expect(identity.failure).toBe("");
    node.answer("POST /api/v1/auth/login", 401, { detail: "the one-time code is wrong or was used before", error_code: "auth.totp" });
    expect(await identity.sign_in("ann", "right", "111111")).toBe(false);
    expect(identity.needs_code).toBe(true);
    expect(identity.failure).toBe("the one-time code is wrong or was used before");
    node.answer("POST /api/v1/auth/login", 200, { user: "ann", role: "trader", csrf_token: "c-1", expires_at: "2026-01-16T02:30:00.000Z" });
    expect(await identity.sign_in("ann", "right", " 123 456 ")).toBe(true);
    expect(node.of("POST").at(-1)?.body).toEqual({ username: "ann", password: "right", totp: "123 456" });
    expect(identity.needs_code).toBe(false);
  });

  it("asks for codes only once one was shown, and takes them off with password and code", async () => {
    node.answer("GET /api/v1/auth/me", 200, me({ kind: "session", user: "ann", role: "trader", csrf_token: "c", totp_enabled: false }));
    const identity = use_identity();
    await identity.look();
    node.answer("POST /api/v1/auth/totp", 200, { secret: "MZXW6YTBOI", otpauth_uri: "otpauth://totp/x", expires_in: 600 });
    expect(await identity.ask_codes("right")).toBe(true);
    expect(identity.offer?.secret).toBe("MZXW6YTBOI");
    node.answer("POST /api/v1/auth/totp/confirm", 403, { detail: "the one-time code is wrong", error_code: "auth.totp" });
    expect(await identity.confirm_codes("000000")).toBe(false);
    expect(identity.offer).toBeDefined();
    expect(identity.me?.totp_enabled).toBe(false);
    expect(identity.is_unknown).toBe(false);
    node.answer("POST /api/v1/auth/totp/confirm", 200, { status: "enabled", id: "ann" });
    expect(await identity.confirm_codes("123456 ")).toBe(true);
    expect(identity.offer).toBeUndefined();
    expect(identity.me?.totp_enabled).toBe(true);
    node.answer("POST /api/v1/auth/totp/remove", 200, { status: "removed", id: "ann" });
    expect(await identity.remove_codes("right", "654321")).toBe(true);
    expect(node.of("POST").at(-1)?.body).toEqual({ password: "right", totp: "654321" });
    expect(identity.me?.totp_enabled).toBe(false);
  });

  it("carries the session's token again after a reload, and ends the session on wish", async () => {
    node.answer("GET /api/v1/auth/me", 200, me({ kind: "session", user: "ann", role: "trader", csrf_token: "c-2" }));
    node.answer("POST /api/v1/auth/logout", 200, { ok: true });
    const identity = use_identity();
    await identity.look();
    expect(csrf_header("DELETE")).toEqual({ "x-csrf-token": "c-2" });
    expect(await identity.sign_out()).toBe(true);
    expect(csrf_header("DELETE")).toEqual({});
  });

  it("is nobody as soon as any request hears that its session has ended", async () => {
    const identity = use_identity();
    await identity.look();
    expect(identity.is_unknown).toBe(false);
    node.answer("GET /api/v1/alerts", 401, { detail: "the session has ended" });
    await request("/api/v1/alerts").catch(() => {});
    expect(identity.is_unknown).toBe(true);
  });
});
