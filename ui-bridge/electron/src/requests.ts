/// The same rules as the shell in C++ (`ui-bridge/desktop/bridge/request.cpp`); both
/// are tested with `ui-bridge/desktop/contract.json`.

export class Rejected extends Error {
  constructor(readonly code: "invalid_argument" | "out_of_range" | "unsupported", message: string, readonly field?: string) {
    super(field ? `${field}: ${message}` : message);
  }
}

type Fields = Record<string, unknown>;
type Check = (value: unknown, field: string) => void;
interface Rule {
  check: Check;
  needed: boolean;
}

const max_file_bytes = 16 << 20;
const endings = /\.(csv|json|txt|pine|html|png|svg|md|log|yaml|yml|zip)$/i;
const devices = /^(con|prn|aux|nul|(com|lpt)[0-9])(\.|$)/i;
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f]/;
// eslint-disable-next-line no-control-regex
const controls_but_breaks = /[\u0000-\u0008\u000b-\u001f\u007f]/;
const direction_marks = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const bytes_of = (text: string) => Buffer.byteLength(text, "utf8");
const wrong = (message: string, field: string) => new Rejected("invalid_argument", message, field);

function text(least: number, most: number, forbidden?: RegExp): Check {
  return (value, field) => {
    if (typeof value !== "string") throw wrong("must be text", field);
    if (bytes_of(value) < least) throw new Rejected("out_of_range", "must not be empty", field);
    if (bytes_of(value) > most) throw new Rejected("out_of_range", `is longer than ${most} bytes`, field);
    if (forbidden?.test(value)) throw wrong("holds control characters", field);
  };
}

function one_of(...words: string[]): Check {
  return (value, field) => {
    if (!words.includes(value as string)) throw wrong(`must be one of ${words.join(", ")}`, field);
  };
}

function pixels(least: number, most: number): Check {
  return (value, field) => {
    if (!Number.isInteger(value)) throw wrong("must be a whole number", field);
    if ((value as number) < least || (value as number) > most) throw new Rejected("out_of_range", `must be from ${least} to ${most}`, field);
  };
}

function object(rules: Record<string, Rule>): Check {
  return (value, field) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("must be an object", field);
    const fields = value as Fields;
    for (const [name, { check, needed }] of Object.entries(rules)) {
      if (Object.hasOwn(fields, name)) check(fields[name], `${field}.${name}`);
      else if (needed) throw wrong("is missing", `${field}.${name}`);
    }
    for (const name of Object.keys(fields)) if (!Object.hasOwn(rules, name)) throw wrong("is not a field of this request", `${field}.${name.slice(0, 40)}`);
  };
}

const need = (check: Check): Rule => ({ check, needed: true });
const may = (check: Check): Rule => ({ check, needed: false });

export function check_file_name(name: string, field = "params.name"): void {
  text(1, 120)(name, field);
  if (controls.test(name) || direction_marks.test(name)) throw wrong("holds control characters", field);
  if (/[<>:"/\\|?*]/.test(name)) throw wrong("must be a plain file name", field);
  if (/^[. -]|[. ]$/.test(name)) throw wrong("must not begin with a dot, a blank or a dash, nor end with a dot or a blank", field);
  if (devices.test(name)) throw wrong("is the name of a device", field);
  if (!endings.test(name)) throw wrong("must end as the files of the terminal do", field);
}

const base64: Check = (value, field) => {
  text(0, 24 << 20)(value, field);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value as string)) throw wrong("is not base64", field);
  if (Buffer.from(value as string, "base64").length > max_file_bytes) throw new Rejected("out_of_range", `is more than ${max_file_bytes} bytes`, field);
};

const secret_name: Check = (value, field) => {
  text(1, 40)(value, field);
  if (!/^[a-z][a-z0-9_]*$/.test(value as string)) throw wrong("must be of a-z, 0-9 and _, and begin with a letter", field);
};

const bounds = object({
  left: need(pixels(-16384, 16384)), top: need(pixels(-16384, 16384)), width: need(pixels(100, 16384)), height: need(pixels(100, 16384)),
});
const scope_part = may(text(0, 64, controls_but_breaks));

const methods: Record<string, { rules: Record<string, Rule>; together?: (params: Fields) => void }> = {
  app_info: { rules: {} },
  window: { rules: {} },
  set_window: {
    rules: { state: may(one_of("normal", "minimized", "maximized", "fullscreen")), bounds: may(bounds) },
    together({ state, bounds: place }) {
      if (state === undefined && place === undefined) throw wrong("or bounds must be given", "params.state");
      if (place !== undefined && state !== undefined && state !== "normal") throw wrong("go with state normal only", "params.bounds");
    },
  },
  close_window: { rules: {} },
  notify: {
    rules: {
      title: need(text(1, 120, controls_but_breaks)), body: may(text(0, 1000, controls_but_breaks)), urgency: may(one_of("low", "normal", "critical")),
    },
  },
  save_file: {
    rules: { name: need((value, field) => { text(1, 120)(value, field); check_file_name(value as string, field); }), text: may(text(0, max_file_bytes)), base64: may(base64) },
    together({ text: plain, base64: coded }) {
      if ((plain === undefined) === (coded === undefined)) throw wrong("or base64 must be given, and not both", "params.text");
    },
  },
  secret_get: { rules: { name: need(secret_name) } },
  secret_set: { rules: { name: need(secret_name), value: need(text(1, 4096, controls)) } },
  secret_delete: { rules: { name: need(secret_name) } },
  secret_names: { rules: {} },
  emergency_stop: {
    rules: {
      mode: may(one_of("halt", "reduce", "flatten")), reason: need(text(1, 200, controls_but_breaks)),
      scope: may(object({ account_id: scope_part, strategy_id: scope_part, symbol: scope_part })),
    },
  },
  restart_node: { rules: {} },
};

export const method_names = Object.keys(methods);

export interface Request {
  method: string;
  params: Fields;
}

/// A message of the page as a request. Throws Rejected.
export function read_request(message: unknown): Request {
  object({ method: need(text(1, 40)), params: may(object_of_anything) })(message, "message");
  const { method, params = {} } = message as { method: string; params?: Fields };
  if (!Object.hasOwn(methods, method)) throw new Rejected("unsupported", `there is no method ${JSON.stringify(method)}`, "method");
  const { rules, together } = methods[method]!;
  object(rules)(params, "params");
  together?.(params);
  return { method, params };
}

function object_of_anything(value: unknown, field: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("must be an object", field);
}
