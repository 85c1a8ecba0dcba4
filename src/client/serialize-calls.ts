/**
 * Wraps a function so that it runs one call at a time. Each call waits for those before it, whether they succeed or
 * fail.
 */
export function serializeCalls<Request, Answer>(run: (request: Request) => Promise<Answer>) {
  let last: Promise<unknown> = Promise.resolve();
  return (request: Request): Promise<Answer> => {
    const result = last.then(() => run(request));
    last = result.catch(() => undefined);
    return result;
  };
}
