import { checkLogin } from "../../src/client/credentials.ts";
import type { ProvenRequest } from "../../src/client/session.ts";
import { CopyPace } from "../../src/conversation/copy/copy-pace.ts";
import type { GatewayServices } from "../../src/gateway/gateway-services.ts";
import { dialThroughRelays, RelayLevels, type ServedElsewhere } from "../../src/gateway/relay-dial.ts";
import { JoinedLink } from "../../src/gateway/session/joined-link.ts";
import type { Dial, LinkEvents, LinkRefusal, LinkSocket } from "../../src/gateway/session/link-socket.ts";
import type { ConversationRecord } from "../../src/model/records.ts";
import type { SessionControl, SubscriptionRequest } from "../../src/protocol/link-controls.ts";
import { readControl, readRecords } from "../../src/protocol/link-records.ts";
import { endOf, objectNameOf } from "../../src/protocol/temporary-ids.ts";
import { levelOf, relayName } from "../../src/relay/tree.ts";
import { defaultSettings, type Settings } from "../../src/settings/schema.ts";
import type { Environment } from "./environment.ts";
import type { Fate, Faults } from "./faults.ts";
import type { End, Network } from "./network.ts";
import { SimulatedClient, UnsignedTokens } from "./simulated-client.ts";
import { type Accepted, SimulatedConversation } from "./simulated-conversation.ts";
import { Database } from "./simulated-database.ts";
import { SimulatedRelay } from "./simulated-relay.ts";

/** All client and conversation objects and the dialling between them: the real rules on a simulated network. */
export class Cluster implements Environment {
  readonly network: Network;
  readonly faults: Faults;
  readonly clients = new Map<string, SimulatedClient>();
  readonly database: Database;
  readonly known = new Set<string>();
  readonly copyPace = new CopyPace();
  /** By conversation and number. */
  readonly relays = new Map<string, SimulatedRelay>();
  readonly socketsPerRelay: number;
  readonly #levels: RelayLevels;
  readonly settings: Settings;
  readonly #objects = new Map<string, SimulatedConversation>();
  #ids = 0;

  /** @param security settings other than the defaults */
  constructor(
    network: Network,
    faults: Faults,
    socketsPerRelay = 2_000,
    security: Partial<Settings["security"]> = {},
  ) {
    this.socketsPerRelay = socketsPerRelay;
    this.#levels = new RelayLevels(() => network.now);
    const defaults = defaultSettings(false);
    // A simulated second has more messages than a real one.
    const rooms = { ...defaults.rooms, socketsPerRelay, messagesPerSecond: 0 };
    this.settings = { ...defaults, rooms, security: { ...defaults.security, ...security } };
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
  createConversation(id: string, members: string[], kind: ConversationRecord["kind"] = "normal"): void {
    const now = this.network.now;
    const record: ConversationRecord = {
      id,
      kind,
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

  /** The relay of a conversation by its number. */
  relay(conversationId: string, relay: number): SimulatedRelay {
    const name = relayName(conversationId, relay);
    let object = this.relays.get(name);
    if (object === undefined) {
      object = new SimulatedRelay(this, conversationId, relay);
      this.relays.set(name, object);
    }
    return object;
  }

  kindOf(id: string): ConversationRecord["kind"] {
    return this.existing(id)?.state.facts.kind ?? "normal";
  }

  existing(id: string): SimulatedConversation | undefined {
    if ((endOf(id) ?? Number.POSITIVE_INFINITY) <= this.network.now) return undefined;
    const object = this.#objects.get(objectNameOf(id));
    return object?.isOpen ? object : undefined;
  }

  /** All conversation objects, whether or not they have a conversation. */
  get objects(): SimulatedConversation[] {
    return [...this.#objects.values()];
  }

  /** The object of an id, whether or not it has a conversation. */
  conversation(id: string): SimulatedConversation {
    const name = objectNameOf(id);
    let object = this.#objects.get(name);
    if (object === undefined) {
      object = new SimulatedConversation(this, name);
      this.#objects.set(name, object);
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
    const dial = this.#dial<ProvenRequest>(
      dialled,
      (request, end) => this.client(request.clientId).accept(request, end),
      (data) => {
        for (const record of readRecords(data)) {
          if (record.kind === "control") seen(readControl<SessionControl>(record.payload));
        }
      },
    );
    return async (request, events) => {
      const outcome = await dial(request, events);
      if (typeof outcome === "object" && "level" in outcome) throw new Error("a client has no relays");
      return outcome;
    };
  }

  dialConversation(dialled?: (end: End) => void): Dial<SubscriptionRequest> {
    const dial = this.#dial<SubscriptionRequest>(dialled, (request, end) => this.#subscribe(request, end));
    const host = {
      now: () => this.network.now,
      turn: () => new Promise<void>((resolve) => this.network.timer(0, resolve)),
    };
    const joined: typeof dial = async (request, events) => {
      const outcome = await dial(request, events);
      return typeof outcome === "object" && "send" in outcome ? new JoinedLink(outcome, host) : outcome;
    };
    return dialThroughRelays(joined, this.#levels);
  }

  async #subscribe(request: SubscriptionRequest, end: End): Promise<Accepted> {
    const { conversationId, relay } = request;
    if (relay === undefined) return this.existing(conversationId)?.accept(request, end);
    const outcome = await this.relay(conversationId, relay).accept(request, end);
    if (outcome === "full") return { level: levelOf(relay) + 1 };
    return outcome === "no conversation" ? undefined : outcome === "subscribed";
  }

  #dial<Asked>(
    dialled: ((end: End) => void) | undefined,
    accept: (request: Asked, end: End) => Promise<Accepted> | Accepted,
    seen: (data: Uint8Array) => void = () => {},
  ): (request: Asked, events: LinkEvents) => Promise<LinkSocket | LinkRefusal | ServedElsewhere> {
    return async (request, events) => {
      const [near, far] = this.network.socketPair();
      const fate = (): Fate => (this.network.chance(this.faults.relayCallLost / 4) ? "request lost" : "fine");
      const accepted = await this.network.call(async () => accept(request, far), 8_000, fate);
      if (accepted === undefined) return "missing";
      if (typeof accepted === "object") return accepted;
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
