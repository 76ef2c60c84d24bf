/// What a socket's messages are gathered by on their way to the page: an event each would cost the
/// page's thread more than the messages do. The first of a pause goes on at once, the rest
/// together, one batch at a time: the next waits until the page has taken the last.

/// Pause between two batches.
export const batch_every_ms = 16;
/// Messages that may wait for a page that takes none; over it the connection is given up, and the page
/// resumes on the next one.
export const most_waiting = 20_000;

export interface BatcherEnd {
  post(batch: string[]): void;
  /// Too many wait.
  overflow(): void;
  set_timer(run: () => void, delay_ms: number): void;
  now(): number;
}

export class MessageBatcher {
  private waiting: string[] = [];
  private posted_at = Number.NEGATIVE_INFINITY;
  /// A batch is on its way and not taken yet.
  private is_untaken = false;
  private is_timed = false;

  constructor(private readonly end: BatcherEnd) {}

  add(message: string): void {
    this.waiting.push(message);
    if (this.waiting.length > most_waiting) {
      this.waiting = [];
      this.end.overflow();
    } else this.post_or_wait();
  }

  /// The page has taken the last batch.
  taken(): void {
    this.is_untaken = false;
    if (this.waiting.length > 0) this.post_or_wait();
  }

  /// What waits, before the connection's end is told.
  flush(): void {
    if (this.waiting.length > 0) this.post();
  }

  private post_or_wait(): void {
    if (this.is_untaken || this.is_timed) return;
    const left = this.posted_at + batch_every_ms - this.end.now();
    if (left <= 0) return this.post();
    this.is_timed = true;
    this.end.set_timer(() => {
      this.is_timed = false;
      if (this.waiting.length > 0 && !this.is_untaken) this.post();
    }, left);
  }

  private post(): void {
    const batch = this.waiting;
    this.waiting = [];
    this.posted_at = this.end.now();
    this.is_untaken = true;
    this.end.post(batch);
  }
}
