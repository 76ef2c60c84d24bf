import { vi } from "vitest";

/// A pretend node for tests of stores: answers by method and path, keeps what
/// was asked.

export interface Call {
  method: string;
  path: string;
  query: Record<string, string>;
  body: Record<string, unknown> | undefined;
}

export class FakeNode {
  readonly calls: Call[] = [];
  private readonly answers = new Map<string, { status: number; body: unknown }>();

  constructor() {
    vi.stubGlobal("location", { protocol: "http:", host: "node" });
    vi.stubGlobal("fetch", (url: string, { method, body }: { method: string; body: string | null }) => {
      const [path, query = ""] = url.split("?");
      this.calls.push({ method, path: path!, query: Object.fromEntries(new URLSearchParams(query)), body: body ? (JSON.parse(body) as Record<string, unknown>) : undefined });
      const answer = this.answers.get(`${method} ${path}`) ?? { status: 404, body: { detail: `no answer set for ${method} ${path}` } };
      return Promise.resolve(new Response(answer.status === 204 ? null : JSON.stringify(answer.body), { status: answer.status }));
    });
  }

  /// @param route "GET /api/v1/alerts", without the query.
  answer(route: string, status: number, body: unknown = {}): void {
    this.answers.set(route, { status, body });
  }

  /// Calls of a method, oldest first.
  of(method: string): Call[] {
    return this.calls.filter((call) => call.method === method);
  }
}
