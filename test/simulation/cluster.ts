import { checkLogin } from "../../src/client/credentials.ts";
import type { ProvenRequest } from "../../src/client/session.ts";
import { CopyPace } from "../../src/conversation/copy/copy-pace.ts";
import type { GatewayServices } from "../../src/gateway/gateway-services.ts";
import type { Dial, LinkSocket } from "../../src/gateway/session/link-socket.ts";
import type { ConversationRecord } from "../../src/model/records.ts";
import type { SessionControl, SubscriptionRequest } from "../../src/protocol/link-controls.ts";
import { readControl, readRecords } from "../../src/protocol/link-records.ts";
import type { Environment } from "./environment.ts";
import type { Fate, Faults } from "./faults.ts";
import type { End, Network } from "./network.ts";
import { SimulatedClient, UnsignedTokens } from "./simulated-client.ts";
import { SimulatedConversation } from "./simulated-conversation.ts";
import { Database } from "./simulated-database.ts";

/** All client and conversation objects and the dialling between them: the real rules on a simulated network. */
export class Cluster implements Environment {
  readonly network: Network;
  readonly faults: Faults;
  readonly clients = new Map<string, SimulatedClient>();
  readonly database: Database;
  readonly known = new Set<string>();
  readonly copyPace = new CopyPace();
  readonly #objects = new Map<string, SimulatedConversation>();
  #ids = 0;

  constructor(network: Network, faults: Faults) {
    this.network = network;
    this.faults = faults;
    this.database = new Database(network, faults);
  }

  /** Existing conversations, in the order in which their objects were first called. */
  get conversations(): ReadonlyMap<string, SimulatedConversation> {
    return new Map([...this.#objects].filter(([, object]) => object.isOpen));
  }

  client(clientId: string): SimulatedClient {
    let object = this.clients.get(clientId);
    if (object === undefined) {
      object = new SimulatedClient(this);
      this.clients.set(clientId, object);
    }
    return object;
  }

  /** Creates a conversation that D1 has. */
  createConversation(id: string, members: string[]): void {
    const now = this.network.now;
    const record: ConversationRecord = {
      id,
      kind: "normal",
      name: undefined,
      creator: members[0] ?? "",
      members,
      muted: [],
      attributes: {},
      columns: {},
      unique: false,
      uniqueId: undefined,
      createdAt: now,
      updatedAt: now,
      lastMessageAt: undefined,
      timeToLive: undefined,
    };
    this.conversation(id).create(record);
    this.database.write(record);
  }

  existing(id: string): SimulatedConversation | undefined {
    const object = this.#objects.get(id);
    return object?.isOpen ? object : undefined;
  }

  /** The object of an id, whether or not it has a conversation. */
  conversation(id: string): SimulatedConversation {
    let object = this.#objects.get(id);
    if (object === undefined) {
      object = new SimulatedConversation(this, id);
      this.#objects.set(id, object);
    }
    return object;
  }

  /** Ids like the real ones, but the same for the same seed. */
  newConversationId(): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(24, "0");
  }

  judge(): GatewayServices["judge"] {
    const checkJsonWebToken = () => Promise.reject(new Error("not here"));
    const tokens = new UnsignedTokens("app", "key");
    const judges = {
      appId: "app",
      masterKey: "key",
      tokens,
      now: () => this.network.now,
      checkJsonWebToken,
    };
    return (clientId, command, security) => checkLogin(clientId, command, security, judges);
  }

  /** Dials a session link. `seen` gets every control on it, as the gateway does; `dialled` gets its near end. */
  dialSession(seen: (control: SessionControl) => void, dialled?: (end: End) => void): Dial<ProvenRequest> {
    return this.#dial(
      dialled,
      (request, end) => this.client(request.clientId).accept(request, end),
      (data) => {
        for (const record of readRecords(data)) {
          if (record.kind === "control") seen(readControl<SessionControl>(record.payload));
        }
      },
    );
  }

  dialConversation(dialled?: (end: End) => void): Dial<SubscriptionRequest> {
    return this.#dial(dialled, (request, end) => this.existing(request.conversationId)?.accept(request, end));
  }

  #dial<Asked>(
    dialled: ((end: End) => void) | undefined,
    accept: (request: Asked, end: End) => Promise<boolean | undefined> | boolean | undefined,
    seen: (data: Uint8Array) => void = () => {},
  ): Dial<Asked> {
    return async (request, events) => {
      const [near, far] = this.network.socketPair();
      const fate = (): Fate => (this.network.chance(this.faults.relayCallLost / 4) ? "request lost" : "fine");
      const accepted = await this.network.call(async () => accept(request, far), 8_000, fate);
      if (accepted === undefined) return "missing";
      if (!accepted) return "too far behind";
      let isClosed = false;
      const closeOnce = () => {
        if (isClosed) return;
        isClosed = true;
        events.closed();
      };
      near.onMessage = (data) => {
        if (isClosed || typeof data === "string") return;
        seen(data);
        events.frame(data);
      };
      near.onClose = closeOnce;
      near.accept();
      dialled?.(near);
      const socket: LinkSocket = {
        send: (data) => {
          try {
            near.send(data);
          } catch {
            closeOnce();
          }
        },
        close: (code) => {
          isClosed = true;
          near.close(code);
        },
      };
      return socket;
    };
  }
}
