import { create, fromBinary } from "@bufbuild/protobuf";
import type { Command, Envelope, Request } from "./commands.ts";
import { decodeBlacklistRequest } from "./decode-blacklist.ts";
import { decodeConversationRequest } from "./decode-conversation.ts";
import {
  decodeAcknowledgement,
  decodeHistory,
  decodeMessage,
  decodePatches,
  decodeRead,
} from "./decode-message.ts";
import { given, nonEmpty, optionalNumber, toSignature } from "./fields.ts";
import {
  CommandType,
  type GenericCommand,
  GenericCommandSchema,
  OpType,
  type SessionCommand,
  SessionCommandSchema,
} from "./generated/message_pb.js";
import { pushPolicyOf } from "./policy-fields.ts";
import { readSend } from "./read-send.ts";

const CMD_FIELD = GenericCommandSchema.field.cmd.number;

/** Decodes a client's frame; `undefined` for bytes that are no command (4114). Never throws. */
export function decodeCommand(frame: Uint8Array): Command | undefined {
  return readSend(frame) ?? decodeByLibrary(frame);
}

/** As `decodeCommand`, whatever the command. */
export function decodeByLibrary(frame: Uint8Array): Command | undefined {
  let message: GenericCommand;
  try {
    message = fromBinary(GenericCommandSchema, frame);
  } catch {
    return undefined;
  }
  const request = decodeRequest(message);
  return request && Object.assign(request, decodeEnvelope(message));
}

function decodeEnvelope(message: GenericCommand): Envelope {
  const appId = given(message, "appId");
  const clientId = given(message, "peerId");
  return {
    serial: given(message, "i"),
    appId,
    // The heartbeat of C# carries the app's id in place of a client's (wire §2.2).
    clientId: message.cmd === CommandType.echo && clientId === appId ? undefined : clientId,
    installationId: given(message, "installationId"),
    service: given(message, "service"),
    needsCheck: message.supervised,
    pushes: pushPolicyOf(message.pushes),
  };
}

function decodeRequest(message: GenericCommand): Request | undefined {
  switch (given(message, "cmd")) {
    case CommandType.session:
      return decodeSession(message);
    case CommandType.conv:
      return decodeConversationRequest(message) ?? unsupported(message);
    case CommandType.direct:
      return decodeMessage(message);
    case CommandType.ack:
      return decodeAcknowledgement(message) ?? unsupported(message);
    case CommandType.logs:
      return decodeHistory(message);
    case CommandType.patch:
      return message.op === OpType.modify ? decodePatches(message) : unsupported(message);
    case CommandType.read:
      return decodeRead(message);
    case CommandType.echo:
      return { name: "echo" };
    case CommandType.login:
      return { name: "login" };
    case CommandType.logout:
      return { name: "logout" };
    case CommandType.report:
      return { name: "report", deviceToken: reportedToken(message) };
    case CommandType.blacklist:
      return decodeBlacklistRequest(message) ?? unsupported(message);
    case undefined:
      // A number outside the schema is an unsupported command; no number at all is noise.
      return message.$unknown?.some((field) => field.no === CMD_FIELD) ? unsupported(message) : undefined;
    default:
      return unsupported(message);
  }
}

function decodeSession(message: GenericCommand): Request {
  const session = message.sessionMessage ?? create(SessionCommandSchema);
  switch (given(message, "op")) {
    case OpType.open:
      return {
        name: "session.open",
        userAgent: nonEmpty(session.ua),
        reconnect: session.r,
        tag: nonEmpty(session.tag),
        deviceId: deviceOf(session),
        deviceToken: nonEmpty(session.deviceToken),
        token: nonEmpty(session.st),
        capabilities: optionalNumber(given(session, "configBitmap")),
        lastUnreadTime: optionalNumber(given(session, "lastUnreadNotifTime")),
        lastPatchTime: optionalNumber(given(session, "lastPatchTime")),
        signature: toSignature(session),
      };
    case OpType.refresh:
      return {
        name: "session.refresh",
        token: nonEmpty(session.st),
        tag: nonEmpty(session.tag),
        deviceId: deviceOf(session),
        signature: toSignature(session),
      };
    case OpType.close:
      return { name: "session.close" };
    case OpType.query:
      return { name: "session.query", clientIds: session.sessionPeerIds };
    default:
      return unsupported(message);
  }
}

function reportedToken({ reportMessage }: GenericCommand): string | undefined {
  return reportMessage?.type === "token" ? nonEmpty(reportMessage.data) : undefined;
}

/** Swift and Objective-C name the device by its push token only (wire §3.3). */
function deviceOf(session: SessionCommand): string | undefined {
  return nonEmpty(session.deviceId) ?? nonEmpty(session.deviceToken);
}

function unsupported(message: GenericCommand): Request {
  const cmd = given(message, "cmd");
  const op = given(message, "op");
  const what = cmd === undefined ? "unknown command" : CommandType[cmd];
  const error = "UNSUPPORTED_COMMAND";
  return { name: "unsupported", what: op === undefined ? what : `${what}/${OpType[op]}`, error };
}
