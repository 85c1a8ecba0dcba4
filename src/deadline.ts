/** The other side did not answer in time. Whether it did the work is unknown. */
export class DeadlineExceeded extends Error {
  override name = "DeadlineExceeded";
}

/**
 * A promise that rejects with `DeadlineExceeded` after this many milliseconds. The timer never outlives the
 * answer: a pending one would keep an object awake and billed.
 */
export async function withDeadline<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineExceeded(`${what}: no answer in ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
