import { sdk5 } from "./sdk.ts";
import type { Conversation, Sdk } from "./sdk-types.ts";
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

/** Tom and Jerry, logged in with the JavaScript SDK 5 on a device each. */
export function pair(app: TestApp): Promise<[Person, Person]> {
  return Promise.all([app.logIn(sdk5, app.named("Tom")), app.logIn(sdk5, app.named("Jerry"))]);
}

/** Tom, Jerry and Spike. */
export async function three(app: TestApp): Promise<[Person, Person, Person]> {
  const [[tom, jerry], spike] = await Promise.all([pair(app), app.logIn(sdk5, app.named("Spike"))]);
  return [tom, jerry, spike];
}
