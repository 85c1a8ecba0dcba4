import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import {
  CommandType,
  type GenericCommand,
  GenericCommandSchema,
  OpType,
} from "../../src/protocol/generated/message_pb.js";

/** Frames as a client writes and reads them: the protocol's own names, nothing of the codec's. */

type Init = MessageInitShape<typeof GenericCommandSchema>;

/** Plain numbers for int64, at every depth. */
type Plain<Value> = Value extends bigint
  ? bigint | number
  : Value extends Uint8Array | string | number | boolean | undefined
    ? Value
    : Value extends readonly (infer Item)[]
      ? Plain<Item>[]
      : { [Key in keyof Value as Exclude<Key, "$typeName" | "$unknown">]: Plain<Value[Key]> };

type CommandName = keyof typeof CommandType;
type OpName = keyof typeof OpType;

/** `{ cmd: "session", op: "open", i: 1, peerId: "alice", sessionMessage: { lastPatchTime: 0 } }` */
export type CommandInit = Plain<Omit<Init, "cmd" | "op">> & { cmd?: CommandName; op?: OpName };

/** The bytes a client would send. */
export function encodeCommand(init: CommandInit): Uint8Array {
  const { cmd, op, ...fields } = init;
  const message: Init = {
    ...toInit(GenericCommandSchema, fields),
    cmd: cmd === undefined ? undefined : CommandType[cmd],
    op: op === undefined ? undefined : OpType[op],
  };
  return toBinary(GenericCommandSchema, create(GenericCommandSchema, message));
}

export function decodeFrame(bytes: Uint8Array): GenericCommand {
  return fromBinary(GenericCommandSchema, bytes);
}

/** Whether a field was physically encoded; absent fields read as their zero value. */
export function has<Message extends object>(message: Message | undefined, field: keyof Message): boolean {
  return message !== undefined && Object.hasOwn(message, field);
}

/** Only what was encoded, numbers for int64, names for `cmd` and `op`: what tests compare. */
export function plain(bytes: Uint8Array): Record<string, unknown> {
  const message = decodeFrame(bytes);
  const shown = plainMessage(GenericCommandSchema, message);
  if (has(message, "cmd")) shown.cmd = CommandType[message.cmd];
  if (has(message, "op")) shown.op = OpType[message.op];
  return shown;
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Turns the numbers of int64 fields into bigints, whatever the depth. */
function toInit(schema: DescMessage, value: object): Record<string, unknown> {
  const init: Record<string, unknown> = {};
  for (const [name, content] of Object.entries(value)) {
    const field = schema.field[name];
    if (field === undefined) throw new Error(`${schema.name} has no field ${name}`);
    init[name] = Array.isArray(content)
      ? content.map((item) => toFieldInit(field, item))
      : toFieldInit(field, content);
  }
  return init;
}

function toFieldInit(field: DescField, value: unknown): unknown {
  if (typeof value === "number" && field.scalar === ScalarType.INT64) return BigInt(value);
  if (field.message !== undefined && typeof value === "object" && value !== null) {
    return toInit(field.message, value);
  }
  return value;
}

function plainMessage(schema: DescMessage, message: object): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message)) {
    const field = schema.field[name];
    if (field === undefined || (Array.isArray(value) && value.length === 0)) continue;
    shown[name] = Array.isArray(value)
      ? value.map((item) => plainValue(field, item))
      : plainValue(field, value);
  }
  return shown;
}

function plainValue(field: DescField, value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (field.message !== undefined && typeof value === "object" && value !== null) {
    return plainMessage(field.message, value);
  }
  return value;
}
