/** A waiting line for calls: few at once, first come first served, so that what stands on top of a page comes first. */

const AT_ONCE = 3;

export class Line {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly most = AT_ONCE) {}

  /** Do it when it is its turn; what is given up before that is never begun. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.running >= this.most) await this.turn(signal);
    else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  /** Resolves when a place is handed over. */
  private turn(signal?: AbortSignal): Promise<void> {
    return new Promise((begin, giveUp) => {
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(enter), 1);
        giveUp(signal?.reason);
      };
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        begin();
      };
      if (signal?.aborted) return giveUp(signal.reason);
      signal?.addEventListener("abort", leave, { once: true });
      this.waiting.push(enter);
    });
  }
}
