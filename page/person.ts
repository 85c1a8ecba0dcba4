import {
  type ConversationBase,
  Event,
  type IMClient,
  type Message,
  Realtime,
  TextMessage,
} from "leancloud-realtime";
import type { App } from "./keys.ts";
import type { Panel } from "./panel.ts";
import type { PushSwitch } from "./push-switch.ts";
import { reasonOf } from "./reason.ts";

/** Messages shown after a login: the newest of the conversation. */
const HISTORY = 50;

/** Characters of a message that a notification shows; the pushed text counts as part of the message. */
const ALERT_MAX = 100;

/** Somebody with a copy of the SDK and a socket of their own, in one conversation with a friend. */
export class Person {
  readonly #name: string;
  readonly #friend: string;
  readonly #panel: Panel;
  readonly #push: PushSwitch | undefined;
  readonly #realtime: Realtime;
  #client: IMClient | undefined;
  #conversation: ConversationBase | undefined;

  constructor(
    name: string,
    friend: string,
    { appId, appKey }: App,
    panel: Panel,
    push: PushSwitch | undefined,
  ) {
    this.#name = name;
    this.#friend = friend;
    this.#panel = panel;
    this.#push = push;
    this.#realtime = new Realtime({ appId, appKey, server: location.origin });
    panel.onSend((text) => this.#send(text));
    panel.onConnection((lose) => (lose ? this.#realtime.pause() : this.#realtime.resume()));
    panel.onSession((end) => (end ? this.#logOut() : this.arrive()));
    panel.onNotify((on) => this.#notify(on));
  }

  /** Logs in and opens the conversation, which is the same one every time: it is unique for its members. */
  async arrive(): Promise<void> {
    this.#panel.showState("connecting");
    try {
      const client = await this.#realtime.createIMClient(this.#name);
      this.#client = client;
      this.#listen(client);
      this.#conversation = await client.createConversation({
        name: "Tom and Jerry",
        members: [this.#friend],
        unique: true,
      });
      this.#watch(this.#conversation);
      await this.#catchUp(this.#conversation);
      this.#panel.showState("online");
      if (this.#push !== undefined) await this.#bePushedTo(client, this.#push);
    } catch (error) {
      this.#panel.showState("failed", reasonOf(error));
    }
  }

  async #logOut(): Promise<void> {
    this.#panel.showState("connecting");
    await this.#client?.close().catch(() => {});
    this.#panel.showState("loggedOut");
  }

  /** Where pushes are on since an earlier login, they are this login's. */
  async #bePushedTo(client: IMClient, push: PushSwitch): Promise<void> {
    try {
      await push.register(client);
      this.#panel.showPush(await push.state());
    } catch (error) {
      this.#panel.showPush("off", reasonOf(error));
    }
  }

  async #notify(on: boolean): Promise<void> {
    const client = this.#client;
    if (client === undefined || this.#push === undefined) return;
    this.#panel.showPush("changing");
    try {
      this.#panel.showPush(await (on ? this.#push.turnOn(client) : this.#push.turnOff(client)));
    } catch (error) {
      this.#panel.showPush("off", reasonOf(error));
    }
  }

  #listen(client: IMClient): void {
    client.on(Event.MESSAGE, (message?: Message, conversation?: ConversationBase) => {
      if (message === undefined || conversation === undefined || conversation !== this.#conversation) return;
      this.#show(message);
      conversation.read().catch(() => {});
    });
    client.on(Event.DISCONNECT, () => this.#panel.showState("connecting"));
    client.on(Event.OFFLINE, () => this.#panel.showState("offline"));
    client.on(Event.ONLINE, () => this.#panel.showState("connecting"));
    client.on(Event.RECONNECT, () => {
      const back = this.#conversation === undefined ? Promise.resolve() : this.#catchUp(this.#conversation);
      back.then(
        () => this.#panel.showState("online"),
        (error) => this.#panel.showState("failed", reasonOf(error)),
      );
    });
    client.on(Event.CLOSE, (close?: { code: number }) => {
      if (!close?.code) return; // our own logout
      this.#panel.showState("failed", `The server closed the session: ${close.code}`);
    });
  }

  #watch(conversation: ConversationBase): void {
    const members = () => this.#panel.showMembers(conversation.members);
    const progress = () => this.#panel.showProgress(conversation.lastDeliveredAt, conversation.lastReadAt);
    members();
    conversation.on(Event.MEMBERS_JOINED, members);
    conversation.on(Event.MEMBERS_LEFT, members);
    conversation.on(Event.LAST_DELIVERED_AT_UPDATE, progress);
    conversation.on(Event.LAST_READ_AT_UPDATE, progress);
  }

  /** Shows the messages that this page missed, and the progress of its own. */
  async #catchUp(conversation: ConversationBase): Promise<void> {
    const messages = await conversation.queryMessages({ limit: HISTORY });
    await conversation.fetchReceiptTimestamps();
    for (const message of messages) this.#show(message);
    await conversation.read();
  }

  async #send(text: string): Promise<void> {
    const conversation = this.#conversation;
    if (conversation === undefined) return;
    const settle = this.#panel.showPending(text);
    try {
      const pushData = { title: this.#name, alert: text.slice(0, ALERT_MAX) };
      const message = await conversation.send(new TextMessage(text), { receipt: true, pushData });
      settle();
      this.#show(message);
    } catch (error) {
      settle(reasonOf(error));
    }
  }

  #show(message: Message): void {
    const text = message instanceof TextMessage ? message.getText() : "(not a text message)";
    this.#panel.showLine({ id: message.id, from: message.from, text, timestamp: message.timestamp });
    this.#panel.showProgress(this.#conversation?.lastDeliveredAt, this.#conversation?.lastReadAt);
  }
}
