/** Runs in the browser: the SDK as a web app uses it. Bundled and driven by chromium.test.ts. */

import * as browserAdapters from "@leancloud/platform-adapters-browser";
import {
  BinaryMessage,
  Event,
  type Message,
  Realtime,
  setAdapters,
  TextMessage,
} from "leancloud-realtime/im.js";

setAdapters(browserAdapters);

export interface Seen {
  id: string;
  from: string;
  timestamp: number;
  text?: string;
  bytes?: number[];
}

type Client = Awaited<ReturnType<Realtime["createIMClient"]>>;

let realtime: Realtime | undefined;
let client: Client | undefined;
const received: Seen[] = [];

export async function logIn(
  id: string,
  options: { appId: string; appKey: string; server: string; noBinary: boolean },
): Promise<string> {
  realtime = new Realtime(options);
  client = await realtime.createIMClient(id);
  client.on(Event.MESSAGE, (message) => {
    if (message !== undefined) received.push(seen(message));
  });
  return client.id;
}

export async function create(members: string[], name: string): Promise<string> {
  return (await me().createConversation({ members, name })).id;
}

export async function sendText(conversationId: string, text: string): Promise<Seen> {
  const conversation = await me().getConversation(conversationId);
  return seen(await conversation.send(new TextMessage(text)));
}

export async function sendBytes(conversationId: string, bytes: number[]): Promise<Seen> {
  const conversation = await me().getConversation(conversationId);
  return seen(await conversation.send(new BinaryMessage(Uint8Array.from(bytes).buffer)));
}

/** All that has arrived so far. */
export const messages = (): Seen[] => received;

export async function history(conversationId: string): Promise<Seen[]> {
  const conversation = await me().getConversation(conversationId);
  return (await conversation.queryMessages({ limit: 100 })).map(seen);
}

export const logOut = (): Promise<void> => me().close();

function me(): Client {
  if (client === undefined) throw new Error("nobody is logged in");
  return client;
}

function seen(message: Message): Seen {
  return {
    id: message.id,
    from: message.from,
    timestamp: message.timestamp.getTime(),
    ...(message instanceof TextMessage && { text: message.text }),
    ...(message instanceof BinaryMessage && { bytes: [...new Uint8Array(message.buffer)] }),
  };
}
