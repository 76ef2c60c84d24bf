import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { ApiError, error_text } from "../api/http";
import type { WebhookEvent, WebhookProfile } from "../api/webhook_types";
import { change_profile, create_profile, delete_profile, fetch_events, fetch_profiles, rotate_profile } from "../api/webhooks";
import type { EventFilter } from "../api/webhooks";
import { gateway_problems } from "../jobs/request_form";
import type { Problems } from "../jobs/request_form";
import { rows_of } from "../trading/fold";
import { build_profile, form_of, fresh_profile } from "../webhooks/profile_form";
import type { ProfileForm } from "../webhooks/profile_form";
import { follow_part } from "./followed";
import { use_notices } from "./notices";
import { make_part } from "./part";
import { use_trading } from "./trading";

/// Webhook profiles (an administrator's) and the alerts that came in.

const events_page = 200;
export const events_kept = 2_000;

export const decisions = ["queued", "recorded", "refused"] as const;

/// A token that the node has just made. It lives in memory until it is put away.
export interface FreshToken {
  profile_id: string;
  name: string;
  token: string;
}

export const use_webhooks = defineStore("webhooks", () => {
  const notices = use_notices();
  const trading = use_trading();
  const profiles = shallowRef<readonly WebhookProfile[]>([]);
  const selected_id = ref("");
  const selected = computed(() => profiles.value.find(({ id }) => id === selected_id.value));
  const fresh_token = shallowRef<FreshToken>();

  const form = ref<ProfileForm>(fresh_profile(""));
  const form_open = ref(false);
  const editing = shallowRef<WebhookProfile>();
  const problems = ref<Problems>({});
  const busy = ref(false);

  const events = shallowRef<readonly WebhookEvent[]>([]);
  const next_cursor = ref<string>();
  const filter = ref<EventFilter>({ profile: "", decision: "" });

  const part = make_part(async () => {
    profiles.value = await fetch_profiles();
  });

  const events_part = follow_part("webhooks", async () => {
    const asked = filter.value;
    const page = await fetch_events(asked, events_page);
    if (asked !== filter.value) return;
    events.value = page.events;
    next_cursor.value = page.next_cursor;
  }, (batch) => {
    for (const { data, snapshot } of batch) {
      put_events(rows_of(data, "events"));
      if (!snapshot) tell_missing(data);
    }
  });

  /// An alert that a profile expects did not come, or came again.
  function tell_missing(data: unknown): void {
    const { event, name, profile } = (data ?? {}) as Record<string, unknown>;
    const who = String(name ?? profile ?? "");
    if (event === "expected_alert_missing") notices.show("warning", `Webhook ${who}: the alert that is expected did not come`);
    else if (event === "expected_alert_arrived") notices.show("info", `Webhook ${who}: alerts come again`);
  }

  function put_events(rows: readonly unknown[]): void {
    const fresh = rows.filter((row): row is WebhookEvent => is_event(row) && fits(row));
    if (fresh.length === 0) return;
    const told = new Set(fresh.map(({ event_id }) => event_id));
    const order = (event: WebhookEvent) => event.received_at ?? event.timestamp ?? "";
    events.value = [...fresh, ...events.value.filter(({ event_id }) => !told.has(event_id))].sort((a, b) => order(b).localeCompare(order(a))).slice(0, events_kept);
  }

  function fits(event: WebhookEvent): boolean {
    const { profile, decision } = filter.value;
    const known = profiles.value.find(({ id }) => id === profile);
    const is_profile = profile === "" || [event.profile, event.profile_id].some((one) => one === profile || (known !== undefined && one === known.name));
    return is_profile && (decision === "" || event.decision === decision);
  }

  function set_filter(change: Partial<EventFilter>): void {
    filter.value = { ...filter.value, ...change };
    events.value = [];
    next_cursor.value = undefined;
    void read_events();
  }

  /// Also while an answer to the filter before is under way.
  async function read_events(): Promise<void> {
    const asked = filter.value;
    await events_part.ask();
    if (asked === filter.value && events.value.length === 0 && events_part.state.value.kind === "ready") await events_part.ask();
  }

  async function load_more(): Promise<void> {
    const asked = filter.value;
    if (!next_cursor.value) return;
    try {
      const page = await fetch_events(asked, events_page, next_cursor.value);
      if (asked !== filter.value) return;
      const known = new Set(events.value.map(({ event_id }) => event_id));
      events.value = [...events.value, ...page.events.filter(({ event_id }) => !known.has(event_id))].slice(0, events_kept);
      next_cursor.value = page.next_cursor;
    } catch (error) {
      notices.failure(error);
    }
  }

  function open_form(profile?: WebhookProfile): void {
    trading.need_accounts();
    form.value = profile ? form_of(profile) : fresh_profile(trading.account_id);
    editing.value = profile;
    problems.value = {};
    form_open.value = true;
  }

  const close_form = () => (form_open.value = false);

  async function submit(): Promise<boolean> {
    const known = editing.value;
    const built = build_profile(form.value, known);
    problems.value = built.problems ?? {};
    if (!built.request || busy.value) return false;
    busy.value = true;
    try {
      const profile = known ? await change_profile(known.id, built.request) : await create_profile(built.request);
      take_token(profile.id, profile.name ?? form.value.name, profile);
      put_profile(profile);
      selected_id.value = profile.id;
      form_open.value = false;
      return true;
    } catch (error) {
      problems.value = gateway_problems(error_text(error), error instanceof ApiError ? error.fields : []);
      notices.note("error", error_text(error));
      return false;
    } finally {
      // A secret is kept no longer than it takes to send it.
      form.value = { ...form.value, ...(form_open.value ? {} : { body_secret: "", hmac_key: "" }) };
      busy.value = false;
    }
  }

  function put_profile({ path_token: _, token: __, ...profile }: WebhookProfile): void {
    const known = profiles.value.some(({ id }) => id === profile.id);
    profiles.value = known ? profiles.value.map((one) => (one.id === profile.id ? { ...one, ...profile } : one)) : [...profiles.value, profile];
  }

  function take_token(profile_id: string, name: string, answer: Partial<WebhookProfile>): void {
    const token = answer.path_token ?? answer.token;
    if (token) fresh_token.value = { profile_id, name, token };
  }

  async function rotate(profile: WebhookProfile): Promise<void> {
    try {
      const answer = await rotate_profile(profile.id);
      take_token(profile.id, profile.name, answer);
      if (!fresh_token.value) notices.show("warning", "The node rotated the token and did not tell it");
    } catch (error) {
      notices.failure(error);
    }
  }

  async function remove(id: string): Promise<void> {
    try {
      await delete_profile(id);
      profiles.value = profiles.value.filter((one) => one.id !== id);
      if (selected_id.value === id) selected_id.value = "";
    } catch (error) {
      notices.failure(error);
    }
  }

  const forget_token = () => (fresh_token.value = undefined);

  function need(): void {
    if (part.state.value.kind === "asking") void part.ask();
    events_part.need();
  }

  return {
    profiles, selected_id, selected, fresh_token, form, form_open, editing, problems, busy, events, next_cursor, filter, part, events_part,
    need, set_filter, load_more, open_form, close_form, submit, rotate, remove, forget_token,
  };
});

function is_event(row: unknown): row is WebhookEvent {
  const { event_id, decision } = (row ?? {}) as Record<string, unknown>;
  return (typeof event_id === "string" || typeof event_id === "number") && typeof decision === "string";
}
