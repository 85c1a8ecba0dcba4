import type { Conversation, Sdk } from "./sdk.ts";
import type { Person, TestApp, Way } from "./test-app.ts";
import { eventually, next } from "./waiting.ts";

/** Tom and Jerry, in a conversation of their own that both clients have. */
export async function tomAndJerry(app: TestApp, sdk: Sdk, ways: { tom?: Way; jerry?: Way } = {}) {
  const tom = await app.logIn(sdk, app.named("Tom"), { way: ways.tom });
  const jerry = await app.logIn(sdk, app.named("Jerry"), { way: ways.jerry });
  const invited = next(jerry.client, "invited");
  const chat = await tom.client.createConversation({ members: [jerry.id], unique: false });
  const [, view] = await invited;
  return { tom, jerry, chat, view };
}

/** A conversation as a client's SDK has it. */
export async function viewOf(
  person: Pick<Person, "client">,
  { id }: Pick<Conversation, "id">,
): Promise<Conversation> {
  const view = await person.client.getConversation(id);
  if (view === null) throw new Error(`${person.client.id} finds no conversation ${id}`);
  return view;
}

/** Takes a client's device offline, and returns when another client sees that. */
export async function goOffline(person: Person, witness: Pick<Person, "client">): Promise<void> {
  person.realtime.pause();
  await eventually(
    () => witness.client.ping([person.id]),
    (online) => online.length === 0,
  );
}

/** Takes a device online; returns when the SDK has logged in again. */
export async function comeBack(person: Person): Promise<void> {
  const back = next(person.client, "reconnect");
  person.realtime.resume();
  await back;
}
