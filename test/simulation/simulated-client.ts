import { Alarm } from "../../src/alarm.ts";
import {
  type AssembledClient,
  assembleClient,
  type ServicesBesideAlarm,
} from "../../src/client/assemble-client.ts";
import type { Client } from "../../src/client/client.ts";
import { clientTables } from "../../src/client/client-tables.ts";
import type { ProvenRequest, Session } from "../../src/client/session.ts";
import { type IssuedClaims, type SessionClaims, SessionTokens } from "../../src/client/session-token.ts";
import type { SubscribedService } from "../../src/client/subscribed-services.ts";
import type { Wake, WakeAnswer } from "../../src/conversation/delivery/wake.ts";
import { ALLOWED } from "../../src/hooks/before/hook-question.ts";
import { TemporaryIds } from "../../src/protocol/temporary-ids.ts";
import { defaultSettings } from "../../src/settings/schema.ts";
import { MemorySql } from "../support/sqlite.ts";
import type { ClientCalls, Environment } from "./environment.ts";
import { type Fate, fateOf } from "./faults.ts";
import { DurableAlarm, Instance } from "./instance.ts";
import { type End, trace } from "./network.ts";

/** How long after a break devices may come back (ms). */
export const RETURN_TIME = 15_000;

const SETTINGS = defaultSettings(false);

/** Real signing takes real time, which a seed cannot repeat. */
export class UnsignedTokens extends SessionTokens {
  override async issue(claims: SessionClaims, issuedAt: number): Promise<string> {
    return JSON.stringify({ ...claims, issuedAt });
  }

  override async verify(token: string, clientId: string): Promise<IssuedClaims | undefined> {
    const claims: IssuedClaims = JSON.parse(token);
    return claims.clientId === clientId ? claims : undefined;
  }
}

/** A client's object: what the real shell does, on the simulated network. */
export class SimulatedClient implements ClientCalls {
  readonly #environment: Environment;
  readonly #sql = new MemorySql();
  readonly #alarm: DurableAlarm;
  readonly #ends = new Set<End>();
  #instance: Instance;
  #assembled: AssembledClient;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#alarm = new DurableAlarm(environment.network, () =>
      this.#instance.hold(this.#assembled.runAlarm()),
    );
    this.#instance = new Instance(environment.network);
    this.#assembled = this.#wake();
  }

  get client(): Client {
    return this.#assembled.client;
  }

  get sessions(): Session[] {
    return [...this.#assembled.sockets.sessions];
  }

  /** How many rows its storage has. */
  get rows(): number {
    return this.#sql.rows;
  }

  get holdsWill(): boolean {
    return clientTables(this.#sql).read("will", "SELECT 1 FROM will").length > 0;
  }

  wake(conversationId: string, wake: Wake): WakeAnswer {
    return this.client.wake(conversationId, wake);
  }

  subscribe(service: SubscribedService, exceptSession: string | undefined): void {
    this.client.subscribe(service, exceptSession);
  }

  unsubscribe(service: SubscribedService): void {
    this.client.unsubscribe(service);
  }

  accept(request: ProvenRequest, end: End): boolean {
    this.#ends.add(end);
    this.#assembled.sockets.add(end, request);
    end.onMessage = (data) => this.#do(({ client, sockets }) => sockets.received(client, end, data));
    end.onClose = (code) => {
      if (this.#ends.delete(end)) this.#do(({ client, sockets }) => sockets.closed(client, end, code));
    };
    end.accept();
    return true;
  }

  /** Hibernates as soon as it is at rest, and wakes up: only sockets, their attachments and the storage survive. */
  hibernate(): void {
    this.#instance.whenAtRest(() => this.#restart());
  }

  /** Dies: every session link breaks too. */
  crash(): void {
    trace(this.#environment.network.now, "crash client");
    const ends = [...this.#ends];
    this.#ends.clear();
    for (const end of ends) end.cut((length) => this.#environment.network.random(length + 1));
    this.#restart();
  }

  #do(handle: (assembled: AssembledClient) => Promise<void>): void {
    void this.#instance.hold(handle(this.#assembled));
  }

  #restart(): void {
    this.#instance.end();
    this.#alarm.instanceEnded();
    this.#instance = new Instance(this.#environment.network);
    this.#assembled = this.#wake();
  }

  #wake(): AssembledClient {
    const alarm = new Alarm(this.#alarm, () => this.#environment.network.now, this.#alarm.at);
    const assembled = assembleClient(this.#sql, alarm, this.#services(this.#instance), this.#ends);
    assembled.client.woke();
    return assembled;
  }

  #services(instance: Instance): ServicesBesideAlarm {
    const { network, faults, database } = this.#environment;
    const mostlyFine = (): Fate => (network.chance(faults.relayCallLost / 4) ? "answer lost" : "fine");
    const anyFate = fateOf(network, faults.relayCallLost);
    const call = <T>(run: () => T | Promise<T>, fate = mostlyFine): Promise<T> =>
      instance.hold(network.call(run, 5_000, fate));
    const object = (id: string) => this.#environment.conversation(id);
    const existing = (id: string) => this.#environment.existing(id);
    return {
      appId: "app",
      masterKey: "key",
      tokens: new UnsignedTokens("app", "key"),
      temporaryIds: new TemporaryIds("app", "key"),
      now: () => network.now,
      settings: async () => SETTINGS,
      checkJsonWebToken: () => Promise.reject(new Error("not here")),
      hooks: { aboutMessage: async () => ALLOWED, aboutConversation: async () => ALLOWED },
      limits: async () => SETTINGS.limits,
      start: (record) => call(() => object(record.id).start(record), anyFate),
      describe: async () => undefined,
      lagging: async () => [],
      copyNow: async () => true,
      hasUnique: ({ id, members }) => call(() => object(id).hasUnique(members)),
      isMember: (id, clientId) => call(() => existing(id)?.isMember(clientId) ?? false),
      setRefused: () => Promise.reject(new Error("nothing is refused here")),
      writeRefusal: (id, clientId) => call(() => existing(id)?.writeRefusal(clientId)),
      catchUp: (id, clientId, request) => call(() => existing(id)?.catchUp(clientId, request)),
      missedNotices: (id, clientId, after) => {
        const nothing = { events: [], complete: true };
        return call(() => existing(id)?.missedNotices(clientId, after) ?? nothing);
      },
      will: (id, from, will) => call(() => existing(id)?.will(from, will)),
      query: async () => [],
      online: async () => [],
      registerClient: (clientId) =>
        call(async () => ({ ...(await database.register(clientId)), subscribed: [] }), anyFate),
      undiscoveredConversations: async () => [],
      conversationsAfter: async () => ({ conversations: [], more: false }),
      existing: async (ids) => ids.filter((id) => existing(id) !== undefined),
      unread: async () => 0,
      reportPresence: async () => {},
      publish: async () => {},
      deviceState: async () => ({ clients: [], installed: false }),
      bindDevice: async () => true,
      unbindDevice: async () => {},
      unbindEverywhere: async () => {},
      isOnConnection: async () => false,
      timer: (delay, run) => instance.timer(delay, run),
      returnTime: () => RETURN_TIME,
      roomReturnTime: () => SETTINGS.rooms.returnMinutes * 60_000,
    };
  }
}
