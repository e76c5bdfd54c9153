interface Waiting<Item> {
  item: Item;
  done: () => void;
  failed: (error: unknown) => void;
}

/** Changes that share a commit: those that come while one transaction is under way go into the next one together. */
export class GroupCommit<Item> {
  private waiting: Waiting<Item>[] = [];
  private running = false;

  /** @param commit resolves after the commit of all that it is given */
  constructor(private readonly commit: (items: Item[]) => Promise<void>) {}

  /** Resolves after the commit, or fails with all that were in the same transaction. */
  add(item: Item): Promise<void> {
    return new Promise((done, failed) => {
      this.waiting.push({ item, done, failed });
      if (!this.running) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) await this.settle(this.waiting.splice(0));
    this.running = false;
  }

  private async settle(group: Waiting<Item>[]): Promise<void> {
    try {
      await this.commit(group.map(({ item }) => item));
      group.forEach(({ done }) => done());
    } catch (error) {
      group.forEach(({ failed }) => failed(error));
    }
  }
}
