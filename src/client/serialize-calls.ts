/** The same, one call at a time: each waits for those before it, however they end. */
export function serializeCalls<Asked, Answer>(run: (asked: Asked) => Promise<Answer>) {
  let last: Promise<unknown> = Promise.resolve();
  return (asked: Asked): Promise<Answer> => {
    const turn = last.then(() => run(asked));
    last = turn.catch(() => undefined);
    return turn;
  };
}
