import type { CommandOf } from "./commands.ts";
import { contentOf, priorityOf } from "./decode-message.ts";
import { FieldReader, lengthTag, numberTag } from "./field-reader.ts";
import { nonEmpty } from "./fields.ts";
import { CommandType, DirectCommandSchema, GenericCommandSchema } from "./generated/message_pb.js";
import { pushPolicyOf } from "./policy-fields.ts";

const { field: envelope } = GenericCommandSchema;
const CMD = numberTag(envelope.cmd);
const APP_ID = lengthTag(envelope.appId);
const PEER_ID = lengthTag(envelope.peerId);
const SERIAL = numberTag(envelope.i);
const INSTALLATION_ID = lengthTag(envelope.installationId);
const PRIORITY = numberTag(envelope.priority);
const SERVICE = numberTag(envelope.service);
const SUPERVISED = numberTag(envelope.supervised);
const PUSHES = numberTag(envelope.pushes);
const MESSAGE = lengthTag(envelope.directMessage);

const { field: direct } = DirectCommandSchema;
const CID = lengthTag(direct.cid);
const TEXT = lengthTag(direct.msg);
const BINARY = lengthTag(direct.binaryMsg);
const RECEIPT = numberTag(direct.r);
const TRANSIENT = numberTag(direct.transient);
const WILL = numberTag(direct.will);
const DEDUPE_TOKEN = lengthTag(direct.dt);
const PUSH_DATA = lengthTag(direct.pushData);
const MENTIONS = lengthTag(direct.mentionPids);
const MENTION_ALL = numberTag(direct.mentionAll);

type Send = CommandOf<"message.send">;

/**
 * Reads a frame that sends a message: what most frames do. Undefined for any other frame, and for one that is unusual in
 * any way: `decodeCommand` has the library read those. The result is the same as with the library.
 */
export function readSend(frame: Uint8Array): Send | undefined {
  if (frame[0] !== CMD || frame[1] !== CommandType.direct) return undefined;
  const fields = new FieldReader(frame, 2);
  const send: Send = {
    name: "message.send",
    conversationId: "",
    content: "",
    receipt: false,
    transient: false,
    will: false,
    dedupeToken: undefined,
    pushData: undefined,
    mentionAll: false,
    mentions: [],
    priority: "normal",
    size: 0,
    serial: undefined,
    appId: undefined,
    clientId: undefined,
    installationId: undefined,
    service: undefined,
    needsCheck: false,
    pushes: "never",
  };
  let messages = 0;
  while (fields.hasMore) {
    switch (fields.tag()) {
      case APP_ID:
        send.appId = fields.text();
        break;
      case PEER_ID:
        send.clientId = fields.text();
        break;
      case SERIAL:
        send.serial = fields.number();
        break;
      case INSTALLATION_ID:
        send.installationId = fields.text();
        break;
      case PRIORITY:
        send.priority = priorityOf(fields.number());
        break;
      case SERVICE:
        send.service = fields.number();
        break;
      case SUPERVISED:
        send.needsCheck = fields.flag();
        break;
      case PUSHES:
        send.pushes = pushPolicyOf(fields.number());
        break;
      case MESSAGE:
        messages += 1;
        if (!readMessage(fields.message(), send)) return undefined;
        break;
      default:
        return undefined;
    }
  }
  // The fields of several messages would be those of one.
  return fields.isUnusual || messages !== 1 || send.conversationId === "" ? undefined : send;
}

/** Reads the fields of the message itself into `send`; returns whether that was possible. */
function readMessage(fields: FieldReader, send: Send): boolean {
  let text = "";
  let binary: Uint8Array | undefined;
  while (fields.hasMore) {
    switch (fields.tag()) {
      case CID:
        send.conversationId = fields.text();
        break;
      case TEXT:
        text = fields.text();
        break;
      case BINARY:
        binary = fields.bytes();
        break;
      case RECEIPT:
        send.receipt = fields.flag();
        break;
      case TRANSIENT:
        send.transient = fields.flag();
        break;
      case WILL:
        send.will = fields.flag();
        break;
      case DEDUPE_TOKEN:
        send.dedupeToken = nonEmpty(fields.text());
        break;
      case PUSH_DATA:
        send.pushData = nonEmpty(fields.text());
        break;
      case MENTIONS:
        send.mentions.push(fields.text());
        break;
      case MENTION_ALL:
        send.mentionAll = fields.flag();
        break;
      default:
        return false;
    }
  }
  if (fields.isUnusual) return false;
  const { content, size } = contentOf(text, binary, send.pushData);
  send.content = content;
  send.size = size;
  return true;
}
