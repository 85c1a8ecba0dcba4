import { createRequire } from "node:module";
import type AV from "leancloud-storage";
import type { SdkExports, TypedMessage } from "./sdk-types.ts";
import type { Person } from "./test-app.ts";

const require = createRequire(import.meta.url);

/** A message with a file of the storage SDK. */
export interface FileMessage extends TypedMessage {
  getFile(): AV.File;
}

type FileMessageClass = new (file: AV.File) => FileMessage;

/** What the plugin for typed messages makes of the two SDKs. */
export interface FileMessages {
  FileMessage: FileMessageClass;
  ImageMessage: FileMessageClass;
  AudioMessage: FileMessageClass;
  VideoMessage: FileMessageClass;
  TypedMessagesPlugin: { messageClasses: (new () => FileMessage)[] };
}

const init: (
  storage: typeof AV,
  realtime: SdkExports,
) => FileMessages = require("leancloud-realtime-plugin-typed-messages");

/** The message classes of somebody's device, which understands them from now on. */
export function fileMessagesOf(
  { sdk, realtime }: Pick<Person, "sdk" | "realtime">,
  storage: typeof AV,
): FileMessages {
  const messages = init(storage, sdk);
  realtime.register(messages.TypedMessagesPlugin.messageClasses);
  return messages;
}

/** The file in a message that arrived. */
export function fileIn(message: object): AV.File {
  if (!("getFile" in message) || typeof message.getFile !== "function")
    throw new Error("no message with a file");
  return message.getFile();
}
