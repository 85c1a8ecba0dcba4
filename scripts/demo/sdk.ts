import { createRequire } from "node:module";

/* The JavaScript SDK as the demo uses it. Its own declarations leave much of this out. */

export interface SdkMessage {
  id: string;
}

export interface SdkTextMessage extends SdkMessage {
  setMentionList(clients: string[]): this;
}

export interface SdkConversation {
  id: string;
  send(message: SdkMessage, options?: { receipt?: boolean; priority?: number }): Promise<SdkMessage>;
  update(message: SdkMessage, changed: SdkMessage): Promise<SdkMessage>;
  recall(message: SdkMessage): Promise<SdkMessage>;
  read(): Promise<unknown>;
  mute(): Promise<unknown>;
  join(): Promise<unknown>;
}

export interface SdkClient {
  id: string;
  getConversation(id: string): Promise<SdkConversation>;
  createTemporaryConversation(options: { members: string[]; ttl: number }): Promise<SdkConversation>;
  close(): Promise<void>;
}

interface Sdk {
  Realtime: new (app: {
    appId: string;
    appKey: string;
    server: string;
  }) => { createIMClient(id: string): Promise<SdkClient> };
  TextMessage: new (text: string) => SdkTextMessage;
  MessagePriority: { HIGH: number; LOW: number };
  setAdapters(adapters: object): void;
}

const sdk: Sdk = createRequire(import.meta.url)("leancloud-realtime/im");

// Node has what the SDK needs by itself.
sdk.setAdapters({
  WebSocket,
  platformInfo: { name: "Node.js" },
  request: async (url: string, { method, headers, data }: RequestOptions) => {
    const body = data === undefined ? null : JSON.stringify(data);
    const response = await fetch(url, { method: method ?? "GET", headers: headers ?? {}, body });
    const { ok, status } = response;
    return { ok, status, headers: Object.fromEntries(response.headers), data: await response.json() };
  },
});

interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  data?: object;
}

export const { Realtime, TextMessage, MessagePriority } = sdk;
