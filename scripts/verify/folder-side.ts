import * as v from "valibot";
import type { FinishedExport } from "../moving/finished-export.ts";
import {
  BroadcastRow,
  ClassRow,
  ClientOfConversation,
  MessageRow,
  SubscriberRow,
  UnreadRow,
} from "../moving/format.ts";
import type { MessageIndex } from "../moving/message-index.ts";
import type { ClassName, ClientListName, Message, Side } from "./side.ts";

/** An export as one side of a comparison. */
export class FolderSide implements Side {
  readonly #source: FinishedExport;
  readonly #index: MessageIndex;

  constructor(source: FinishedExport, index: MessageIndex) {
    this.#source = source;
    this.#index = index;
  }

  rows(name: ClassName) {
    const kind = `classes/${name}`;
    return this.#source.partsOf(kind).length === 0 ? undefined : this.#rowsOf(kind);
  }

  async *#rowsOf(kind: string) {
    for await (const { text } of this.#source.rows(kind)) yield v.parse(ClassRow, JSON.parse(text));
  }

  /** All that the export has: it has no others than those of its time. */
  async counts(): Promise<Map<string, number>> {
    return new Map([...this.#index.counts()].map(({ conversation, count }) => [conversation, count]));
  }

  async *messagesOf(conversation: string): AsyncGenerator<Message> {
    for (const { text } of this.#index.messagesOf(conversation)) yield v.parse(MessageRow, JSON.parse(text));
  }

  async *listed(list: ClientListName) {
    for await (const { text } of this.#source.rows(`lists/${list}`)) {
      if (list === "subscribers") {
        const { conv_id: conversation, subscriber: client } = v.parse(SubscriberRow, JSON.parse(text));
        yield { conversation, client };
        continue;
      }
      const { conv_id: conversation, client_id: client } = v.parse(ClientOfConversation, JSON.parse(text));
      yield { conversation, client };
    }
  }

  async *broadcasts() {
    for await (const { text } of this.#source.rows("lists/broadcasts")) {
      const row = v.parse(BroadcastRow, JSON.parse(text));
      const message = v.safeParse(MessageRow, { ...row, to: row.conv_id });
      const id = String(row["msg-id"]);
      yield { conversation: row.conv_id, id, message: message.success ? message.output : undefined };
    }
  }

  async *unread() {
    for await (const { text } of this.#source.rows("lists/unread")) {
      const { conv_id: conversation, client_id: client, count } = v.parse(UnreadRow, JSON.parse(text));
      yield { conversation, client, count };
    }
  }
}
