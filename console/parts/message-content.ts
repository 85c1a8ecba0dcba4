import { isRecord, parseJson } from "../ui/json.ts";

/** What a message holds, as far as SDKs say it in its data. */
export type MessageContent =
  | { kind: "text"; text: string }
  | { kind: "file"; type: "image" | "audio" | "video" | "file"; text: string; name: string; url: unknown }
  | { kind: "location"; text: string; place: string }
  | { kind: "recalled" }
  | { kind: "custom"; type: number; text: string; value: Record<string, unknown> }
  | { kind: "raw"; text: string }
  | { kind: "binary"; bytes: number };

const FILE_TYPES = new Map([
  [-2, "image"],
  [-3, "audio"],
  [-4, "video"],
  [-6, "file"],
] as const);

/** Types are numbers that SDKs share; anything that is none of theirs is shown as it is. */
export function contentOf(data: string, isBinary: boolean): MessageContent {
  if (isBinary) return { kind: "binary", bytes: Math.floor((data.replace(/=+$/, "").length * 3) / 4) };
  const parsed = parseJson(data);
  if (!parsed.isJson || !isRecord(parsed.value)) return { kind: "raw", text: data };
  const { _lctype: type, _lctext, _lcfile, _lcloc } = parsed.value;
  const text = typeof _lctext === "string" ? _lctext : "";
  if (typeof type !== "number") return { kind: "raw", text: data };
  if (type === -1) return { kind: "text", text };
  if (type === -127) return { kind: "recalled" };
  if (type === -5) return { kind: "location", text, place: placeOf(_lcloc) };
  const fileType = [...FILE_TYPES].find(([number]) => number === type)?.[1];
  if (fileType === undefined) return { kind: "custom", type, text, value: parsed.value };
  const file = isRecord(_lcfile) ? _lcfile : {};
  const details = isRecord(file.metaData) ? file.metaData : {};
  const name = typeof details.name === "string" ? details.name : "";
  return { kind: "file", type: fileType, text, name, url: file.url };
}

function placeOf(value: unknown): string {
  if (!isRecord(value)) return "";
  return `${Number(value.latitude)}, ${Number(value.longitude)}`;
}

/** A text as an SDK's text message. */
export const textMessage = (text: string): string => JSON.stringify({ _lctype: -1, _lctext: text });

const LINE = 40;

/** The words for what is not a text, in the viewer's language. */
interface KindText {
  types: Record<"image" | "audio" | "video" | "file" | "location", string>;
  custom(type: number): string;
  recalled: string;
  binary(bytes: number): string;
}

/** The beginning of it on one line, for lists to choose from. */
export function lineOf(content: MessageContent, text: KindText): string {
  const words = wordsOf(content, text).replace(/\s+/g, " ").trim();
  return words.length > LINE ? `${words.slice(0, LINE)}…` : words;
}

function wordsOf(content: MessageContent, text: KindText): string {
  switch (content.kind) {
    case "text":
    case "raw":
      return content.text;
    case "recalled":
      return text.recalled;
    case "binary":
      return text.binary(content.bytes);
    case "location":
      return `${text.types.location} ${content.text}`;
    case "custom":
      return `${text.custom(content.type)} ${content.text}`;
    case "file":
      return `${text.types[content.type]} ${content.name} ${content.text}`;
  }
}
