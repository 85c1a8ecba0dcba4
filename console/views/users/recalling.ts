/** What became of some messages that were to be recalled. */
export interface Recalled {
  done: string[];
  failed: { id: string; why: string }[];
}

/** So many are under way at once: the server has others to serve. */
const AT_ONCE = 4;

/** Recalls messages. One that cannot be recalled does not stop the others. */
export async function recallAll<Sent extends { id: string }>(
  messages: readonly Sent[],
  recall: (message: Sent) => Promise<unknown>,
  onProgress: (done: number) => void,
): Promise<Recalled> {
  const waiting = [...messages];
  const outcome: Recalled = { done: [], failed: [] };
  const work = async (): Promise<void> => {
    for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
      const { id } = message;
      try {
        await recall(message);
        outcome.done.push(id);
      } catch (error) {
        outcome.failed.push({ id, why: error instanceof Error ? error.message : String(error) });
      }
      onProgress(outcome.done.length + outcome.failed.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcome;
}
