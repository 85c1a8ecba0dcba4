/** Runs in the browser: the SDK as a web app uses it. Bundled and driven by chromium.test.ts. */

import * as browserAdapters from "@leancloud/platform-adapters-browser";
import * as realtimeSdk from "leancloud-realtime/im.js";
import {
  BinaryMessage,
  Event,
  type Message,
  Realtime,
  setAdapters,
  TextMessage,
} from "leancloud-realtime/im.js";
import initTypedMessages from "leancloud-realtime-plugin-typed-messages";
import AV from "leancloud-storage";

setAdapters(browserAdapters);
const { ImageMessage, TypedMessagesPlugin } = initTypedMessages(AV, realtimeSdk);

export interface Seen {
  id: string;
  from: string;
  timestamp: number;
  text?: string;
  bytes?: number[];
  file?: string;
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
  realtime.register(TypedMessagesPlugin.messageClasses ?? []);
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

/** Saves a picture as a page does that a user chose it on, and sends it; resolves to its address. */
export async function sendImage(
  conversationId: string,
  options: { appId: string; appKey: string; server: string },
  { name, type, bytes }: { name: string; type: string; bytes: number[] },
): Promise<string> {
  AV.init({ appId: options.appId, appKey: options.appKey, serverURL: options.server });
  const chosen = new File([Uint8Array.from(bytes)], name, { type });
  const file = await new AV.File(name, chosen).save();
  const conversation = await me().getConversation(conversationId);
  await conversation.send(new ImageMessage(file));
  return file.url();
}

/** The addresses of the pictures that have arrived. */
export const images = (): string[] => received.flatMap(({ file }) => (file === undefined ? [] : [file]));

/** Reads a part of a file of another origin, and what a page may see of the answer. */
export async function readPart(url: string, range: string) {
  const response = await fetch(url, { headers: { Range: range } });
  return {
    status: response.status,
    range: response.headers.get("Content-Range"),
    bytes: [...new Uint8Array(await response.arrayBuffer())],
  };
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
    ...(message instanceof ImageMessage && { file: message.getFile().url() }),
    ...(message instanceof BinaryMessage && { bytes: [...new Uint8Array(message.buffer)] }),
  };
}
