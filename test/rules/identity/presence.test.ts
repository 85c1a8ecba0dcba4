import { expect, test } from "vitest";
import { Presence } from "../../../src/client/presence.ts";

/** The app as one word after the other reaches it; each is answered when the test says so. */
class App {
  readonly words: boolean[] = [];
  readonly #answers: { resolve(): void; reject(error: Error): void }[] = [];

  readonly tell = (_: string, online: boolean) => {
    this.words.push(online);
    return new Promise<void>((resolve, reject) => this.#answers.push({ resolve, reject }));
  };

  async answer(error?: Error): Promise<void> {
    const next = this.#answers.shift();
    if (error === undefined) next?.resolve();
    else next?.reject(error);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

test("[I11] while the app is silent nothing waits, and then it is told only how things stand", async () => {
  const app = new App();
  const presence = new Presence(app.tell);
  for (const online of [true, false, true, false, true, false]) presence.changed("Tom", online);
  expect(app.words).toEqual([true]);
  await app.answer();
  expect(app.words).toEqual([true, false]);
  await app.answer();
  expect(app.words).toEqual([true, false]);
});

test("[I11] a word that fails is lost, and the next is said all the same", async () => {
  const app = new App();
  const presence = new Presence(app.tell);
  presence.changed("Tom", true);
  await app.answer(new Error("not today"));
  presence.changed("Tom", false);
  expect(app.words).toEqual([true, false]);
});
