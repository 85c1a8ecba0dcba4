import type { LoginProof } from "../client/credentials.ts";
import { isClientId } from "../model/client-id.ts";
import { addressed, clientIdField } from "../protocol/addressing.ts";
import * as clientEvents from "../protocol/client-events.ts";
import type { Command, CommandOf } from "../protocol/commands.ts";
import { type ErrorName, errors } from "../protocol/errors.ts";
import type { Refused } from "../protocol/outcome.ts";
import * as replies from "../protocol/replies.ts";
import type { Settings } from "../settings/schema.ts";
import type { Connection, GatewayServices } from "./gateway-services.ts";
import type { CommandAdmission } from "./limits/command-admission.ts";
import { LoginAttempts } from "./limits/login-attempts.ts";
import { withPolicy } from "./mark-frame.ts";
import { ClientSession } from "./session/client-session.ts";
import type { QueuedCommand, SessionOwner, SessionRegistry } from "./session/session-owner.ts";

/** Clients logged in on one socket at a time. */
const CLIENT_LIMIT = 100;

/** What the sessions of a socket need of its gateway. */
export interface SessionsOwner extends SessionOwner {
  /** Those that the last frame was handled with. */
  settings: Settings | undefined;
  isOver: boolean;
  /** A client is about to log in, with an SDK of this user agent, as far as it names itself. */
  loggingIn(userAgent: string | undefined): void;
  loggedIn(): void;
  /** Too many logins were refused: the user's socket has to close. */
  tooManyRefused(): void;
}

/** The clients that are logged in on one user socket, and their logins. */
export class SocketSessions implements SessionRegistry {
  readonly #owner: SessionsOwner;
  readonly #connection: Connection;
  readonly #services: GatewayServices;
  readonly #admission: CommandAdmission;
  readonly #attempts = new LoginAttempts();
  readonly #connectionId = crypto.randomUUID();
  /** By client id, in the order they were opened. */
  readonly #sessions = new Map<string, ClientSession>();

  constructor(
    owner: SessionsOwner,
    connection: Connection,
    services: GatewayServices,
    admission: CommandAdmission,
  ) {
    this.#owner = owner;
    this.#connection = connection;
    this.#services = services;
    this.#admission = admission;
  }

  all(): ClientSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * The session that a frame belongs to: the one it names, or else the first one opened here that is still open (wire
   * §2.6).
   */
  of(command: Command): ClientSession | undefined {
    if (command.clientId !== undefined) {
      const named = this.#sessions.get(command.clientId);
      return named?.isUsable ? named : undefined;
    }
    const usable = this.all().filter((session) => session.isUsable);
    return usable.find((session) => session.isOpen) ?? usable[0];
  }

  /** Handles a login: a session is opened for it, unless its client has one. */
  open(command: CommandOf<"session.open">, frame: Uint8Array, settings: Settings): void {
    // Without an id, the server makes one and names it in the reply (C-03).
    const clientId = command.clientId ?? crypto.randomUUID().replaceAll("-", "");
    const error = this.#loginError(clientId, command, frame, settings);
    if (error !== undefined) return this.#refuseLogin(clientId, command.serial, error);
    this.#owner.loggingIn(command.userAgent);
    const login = withPolicy(command, frame, settings);
    const current = this.#sessions.get(clientId);
    if (current !== undefined) return current.handle(command, login);
    const session = new ClientSession(this.#owner, this, {
      clientId,
      sessionId: crypto.randomUUID(),
      connectionId: this.#connectionId,
      mode: this.#connection.protocol.mode,
      address: this.#connection.address,
      broadcasts: settings.broadcasts.unexpired,
    });
    this.#sessions.set(clientId, session);
    void session.open(command, login, this.#judge(clientId, command, settings));
  }

  /** Why a login is refused before its credentials are checked; undefined if it is not. */
  #loginError(
    clientId: string,
    command: CommandOf<"session.open">,
    frame: Uint8Array,
    settings: Settings,
  ): ErrorName | undefined {
    const { appId } = command;
    if (appId !== undefined && appId !== this.#services.appId) return "APP_NOT_AVAILABLE";
    if (!isClientId(clientId)) return "INVALID_LOGIN";
    const now = this.#owner.now();
    const isAllowed =
      (this.#sessions.has(clientId) || this.#sessions.size < CLIENT_LIMIT) &&
      this.#attempts.allows(now) &&
      this.#admission.isWithinRates(clientId, command, frame.length, settings, now);
    return isAllowed ? undefined : "MESSAGE_SENT_QUOTA_EXCEEDED";
  }

  /** Checks the credentials of a login, before the client's object is called. */
  async #judge(
    clientId: string,
    command: CommandOf<"session.open">,
    { security }: Settings,
  ): Promise<LoginProof | Refused> {
    const proof = await this.#services.judge(clientId, command, security);
    // A client with a token has logged in before.
    if ("refused" in proof || proof.claims !== undefined) return proof;
    const isWithin = this.#connection.allowances?.logins.take(1, this.#owner.now()) ?? true;
    return isWithin ? proof : { refused: "MESSAGE_SENT_QUOTA_EXCEEDED" };
  }

  /** Java logs in without a serial, and then handles no error but that of its token (wire §4.1). */
  #refuseLogin(clientId: string, serial: number | undefined, error: ErrorName): void {
    const refusal =
      serial === undefined ? clientEvents.sessionEnded({ error }) : replies.errorReply(serial, error);
    this.#owner.send(addressed(refusal, clientIdField(clientId)));
    this.loginRefused(error);
  }

  // Called by the sessions.

  loginRefused(error: ErrorName | undefined): void {
    if (error !== undefined) this.#services.meter.count(`refusals.${errors[error].code}`);
    if (this.#attempts.refused(error)) this.#owner.tooManyRefused();
  }

  opened(): void {
    this.#attempts.succeeded();
    this.#services.meter.count("logins");
    this.#owner.loggedIn();
  }

  ended(session: { clientId: string }): void {
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
  }

  resume(rest: QueuedCommand[]): void {
    for (const { command, frame } of rest) {
      const { settings, isOver } = this.#owner;
      if (isOver || settings === undefined) return;
      if (command.name === "session.open") this.open(command, frame, settings);
      else this.of(command)?.handle(command, frame);
    }
  }
}
