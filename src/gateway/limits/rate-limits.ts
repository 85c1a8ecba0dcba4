import {
  BYTES_PER_COMMAND,
  BYTES_PER_SEND,
  BYTES_PER_SOCKET_MINUTE,
  CLIENTS_COUNTED,
  FRAMES_PER_SOCKET_MINUTE,
  HISTORY_BY_TYPE_COST,
  MEMBERS_PER_COMMAND,
  MESSAGES_PER_HISTORY_QUERY,
} from "../../bounds.ts";
import { idsOfWhere } from "../../database/where/parse-where.ts";
import { MinuteCounts } from "../../minute-counts.ts";
import type { Command } from "../../protocol/commands.ts";
import { type AddressLimits, addressLimits } from "./address-limits.ts";

/** Per minute; 0 is no limit (L-01 to L-03). */
export interface Rates {
  sendsPerMinute: number;
  historyQueriesPerMinute: number;
  otherCommandsPerMinute: number;
  /** One address may do as much as this many people who are all busy at once; 0 is no limit. */
  peoplePerAddress: number;
}

/** What a command counts as, and how much of it one client may do. */
interface Charge {
  counter: string;
  amount: number;
  /** 0 is no limit. */
  perMinute: number;
  /**
   * The part of a client's limit that each of many people behind one address uses when all are busy at once; undefined
   * for commands with limits of their own per socket and address (`login-attempts.ts`).
   */
  share: number | undefined;
}

/**
 * One socket may do as much as this many of its clients. Most sockets have one, and inventing clients does not raise
 * the limit.
 */
const CLIENTS_PER_SOCKET = 5;

/**
 * Commands that SDKs send by themselves to show what they received are cheap here, at rates that people do not reach.
 * Commands that make the server search or write have lower limits. A command that names many ids counts as that many.
 */
function chargeOf(command: Command, frameLength: number, rates: Rates): Charge | undefined {
  const other = rates.otherCommandsPerMinute;
  const bytes = Math.ceil(frameLength / BYTES_PER_COMMAND);
  const charge = (counter: string, named: number, perMinute: number, share = 1 / 10): Charge => {
    return { counter, amount: Math.max(named, bytes, 1), perMinute: Math.ceil(perMinute), share };
  };
  switch (command.name) {
    case "echo":
    case "login":
    case "logout":
      return undefined;
    case "message.send": {
      const amount = Math.max(Math.ceil(command.size / BYTES_PER_SEND), 1);
      return { counter: "send", amount, perMinute: rates.sendsPerMinute, share: 1 / 10 };
    }
    case "message.history": {
      const pages = Math.ceil(Math.min(Math.max(command.limit ?? 0, 0), 1_000) / MESSAGES_PER_HISTORY_QUERY);
      const kept = command.messageType === undefined ? 1 : HISTORY_BY_TYPE_COST;
      return charge("history", Math.max(pages, kept), rates.historyQueriesPerMinute);
    }
    case "message.acknowledge":
      return charge("acknowledge", 1, other * 40, 1 / 5);
    case "read":
      return charge("read", command.conversations.length, other * 10, 1 / 5);
    case "conversation.query": {
      const ids = command.temporaryIds.length > 0 ? command.temporaryIds : idsOfWhere(command.where);
      if (ids !== undefined) return charge("look-up", ids.length, other * 10);
      return charge("list", 1, other / 2, 1 / 4);
    }
    case "conversation.count":
      return charge("look-up", 1, other * 10);
    case "conversation.maxRead":
      return charge("look-up", command.allMembers ? 5 : 1, other * 10);
    case "conversation.isMember":
      return charge("look-up", command.conversationIds.length, other * 10);
    case "session.query":
      return charge("look-up", command.clientIds.length, other * 10);
    case "session.open":
      return { counter: command.name, amount: 1, perMinute: Math.ceil(other / 10), share: undefined };
    case "session.refresh":
      return charge(command.name, 1, other / 10, 1 / 2);
    case "conversation.start":
    case "conversation.add":
    case "conversation.remove":
    case "conversation.silence":
    case "conversation.unsilence":
    case "conversation.block":
    case "conversation.unblock":
    case "conversation.checkSilenced":
    case "conversation.checkBlocked":
      return charge(command.name, Math.ceil(command.members.length / MEMBERS_PER_COMMAND), other);
    case "message.patch":
      return charge(command.name, command.patches.length, other);
    default:
      return charge(command.name, 1, other);
  }
}

/** Counts the commands of one socket, per client, in total, and for its address. */
export class RateLimits {
  /** Kept as long as the socket lives: logging out and in again does not reset a limit. */
  readonly #clients = new Map<string, MinuteCounts>();
  readonly #socket = new MinuteCounts();
  readonly #address: string | undefined;
  readonly #addresses: AddressLimits;

  /** @param address the address of the device */
  constructor(address: string | undefined, addresses = addressLimits) {
    this.#address = address;
    this.#addresses = addresses;
  }

  /** Counts a command if it is within every limit. Returns whether it is. */
  allows(clientId: string, command: Command, frameLength: number, rates: Rates, now: number): boolean {
    const charge = chargeOf(command, frameLength, rates);
    if (charge === undefined || charge.perMinute === 0) return true;
    const { counter, amount, perMinute, share } = charge;
    const client = this.#ofClient(clientId);
    if (share === undefined) return client.take(counter, amount, perMinute, now);
    const ofSocket = perMinute * CLIENTS_PER_SOCKET;
    const ofAddress =
      rates.peoplePerAddress === 0
        ? 0
        : Math.max(Math.ceil(perMinute * share * rates.peoplePerAddress), perMinute);
    return (
      client.take(counter, amount, perMinute, now) &&
      this.#socket.take(counter, amount, ofSocket, now) &&
      this.#addresses.take(this.#address, counter, amount, ofAddress, now)
    );
  }

  /** Whether a frame is handled at all: a client that floods a socket is not answered forever. */
  takesFrame(bytes: number, now: number): boolean {
    return (
      this.#socket.take("frames", 1, FRAMES_PER_SOCKET_MINUTE, now) &&
      this.#socket.take("bytes", bytes, BYTES_PER_SOCKET_MINUTE, now)
    );
  }

  #ofClient(clientId: string): MinuteCounts {
    let counts = this.#clients.get(clientId);
    if (counts === undefined) {
      // On a socket with more clients than that, the oldest ones are counted anew.
      const [oldest] = this.#clients.keys();
      if (this.#clients.size >= CLIENTS_COUNTED && oldest !== undefined) this.#clients.delete(oldest);
      counts = new MinuteCounts();
      this.#clients.set(clientId, counts);
    }
    return counts;
  }
}
