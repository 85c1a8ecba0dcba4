import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Call, ok, refused } from "./answer.ts";
import type { MessageRecord } from "./app-data.ts";
import { HostedApp } from "./hosted-app.ts";

/** The parameters of the hook `_messageSent`, as LeanEngine gives them. */
export interface HookParameters {
  fromPeer: string;
  convId: string;
  msgId: string;
  timestamp: number;
  content: string;
  bin: boolean;
  transient: boolean;
  system: null;
  receipt: boolean;
  onlinePeers: string[];
  offlinePeers: string[];
  sourceIP: string;
}

/** The stand-in for LeanCloud while clients still send there: it takes messages over REST, and calls a hook for each. */
export class LiveApp extends HostedApp {
  /** Called after each message, whoever sent it; undefined calls nobody. */
  hook: ((parameters: HookParameters) => void) | undefined;
  /** Asked before a message is changed, as `_messageUpdate` is, over REST too. */
  updateHook: ((parameters: HookParameters) => void) | undefined;
  /** Bodies of the posts that were taken. */
  readonly posts: Record<string, unknown>[] = [];
  /** How long after its hook a post is answered (ms). */
  answersAfter = () => 0;
  /** Refuses what this says; undefined takes it. */
  refusal: (body: Record<string, unknown>) => Answer | undefined = () => undefined;

  /** A phone on LeanCloud's side sends a message. */
  say(conversation: string, from: string, data: string, more: Partial<MessageRecord> = {}): MessageRecord {
    const message: MessageRecord = {
      "msg-id": randomBytes(16).toString("base64").slice(0, 22).replaceAll("/", "_"),
      timestamp: Date.now(),
      to: conversation,
      "conv-id": conversation,
      from,
      data,
      bin: false,
      "is-conv": true,
      "is-room": false,
      ...more,
    };
    this.data.messages.unshift(message);
    this.hook?.(parametersOf(message));
    return message;
  }

  /** A phone on LeanCloud's side edits or recalls its message: the hook hears of it before. */
  change(message: MessageRecord, data = RECALLED): void {
    this.updateHook?.({ ...parametersOf(message), content: data });
    message.data = data;
  }

  /** Everything that phones on that side see in a conversation, oldest first. */
  seen(conversation: string): MessageRecord[] {
    return this.data.messages.filter(({ to }) => to === conversation).toReversed();
  }

  protected override patch({ body }: Call, [id, recall]: string[]): Answer {
    const message = this.data.messages.find((each) => each["msg-id"] === id);
    const isTheSame = message?.from === body.from_client && message?.timestamp === body.timestamp;
    if (message === undefined || !isTheSame) return refused(404, 4403, "No such message.");
    this.change(message, recall === "recall" ? RECALLED : String(body.message));
    return ok({});
  }

  protected override async post({ body }: Call, conversation: string): Promise<Answer> {
    const refusal = this.refusal(body);
    if (refusal !== undefined) return refusal;
    const { from_client: from, message } = body;
    if (typeof from !== "string" || typeof message !== "string")
      return refused(400, 1, "from_client and message are required.");
    this.posts.push(body);
    const { "msg-id": id, timestamp } = this.say(conversation, from, message);
    await sleep(this.answersAfter());
    return ok({ "msg-id": id, timestamp });
  }
}

const RECALLED = '{"_lctype":-127}';

export function parametersOf(message: MessageRecord): HookParameters {
  return {
    fromPeer: message.from,
    convId: message.to,
    msgId: message["msg-id"],
    timestamp: message.timestamp,
    content: message.data,
    bin: message.bin,
    transient: false,
    system: null,
    receipt: false,
    onlinePeers: [],
    offlinePeers: [],
    sourceIP: "203.0.113.9",
  };
}
