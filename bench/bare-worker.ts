import { DurableObject } from "cloudflare:workers";

/**
 * The bare platform without Parley: one object that broadcasts every received message to all sockets, including the
 * sender's, whose copy is its acknowledgement, with three ways to store the message; and an object per client that only
 * sleeps, with and without a Worker in between.
 */
interface Env {
  Star: DurableObjectNamespace<Star>;
  InsertStar: DurableObjectNamespace<InsertStar>;
  GroupStar: DurableObjectNamespace<GroupStar>;
  Sleeper: DurableObjectNamespace<Sleeper>;
  Keeper: DurableObjectNamespace<Keeper>;
}

abstract class Socketed extends DurableObject<Env> {
  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  protected broadcast(message: ArrayBuffer | string): void {
    for (const socket of this.ctx.getWebSockets()) socket.send(message);
  }
}

/** Broadcast without storage. */
export class Star extends Socketed {
  override webSocketMessage(_socket: WebSocket, message: ArrayBuffer | string): void {
    this.broadcast(message);
  }
}

abstract class KeepingStar extends Socketed {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    );
  }

  protected keep(message: ArrayBuffer | string): void {
    this.ctx.storage.sql.exec("INSERT INTO messages (body) VALUES (?)", message);
  }
}

/** One row and one commit per message; the output gate holds the broadcast until it is durable. */
export class InsertStar extends KeepingStar {
  override webSocketMessage(_socket: WebSocket, message: ArrayBuffer | string): void {
    this.keep(message);
    this.broadcast(message);
  }
}

/** Messages that arrive within one tick share a commit and are sent together. */
export class GroupStar extends KeepingStar {
  #waiting: (ArrayBuffer | string)[] = [];

  override webSocketMessage(_socket: WebSocket, message: ArrayBuffer | string): void {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) setTimeout(() => this.#flush(), 0);
  }

  #flush(): void {
    const messages = this.#waiting;
    this.#waiting = [];
    for (const message of messages) this.keep(message);
    for (const message of messages) this.broadcast(message);
  }
}

/** Holds one client's socket. */
export class Sleeper extends Socketed {}

/** Keeps the messages of one conversation, as many at once as a call brings. */
export class Keeper extends DurableObject<Env> {
  keep(messages: ImportedMessage[]): void {
    this.ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS messages (timestamp INTEGER PRIMARY KEY, id TEXT, sender TEXT, content TEXT)",
    );
    this.ctx.storage.sql.exec(
      "INSERT INTO messages SELECT value->>'timestamp', value->>'msg-id', value->>'from', value->>'data' " +
        "FROM json_each(?)",
      JSON.stringify(messages),
    );
  }
}

interface ImportedMessage {
  "msg-id": string;
  timestamp: number;
  to: string;
  from: string;
  data: string;
}

/** Objects that are called at once. */
const KEEPERS_AT_ONCE = 16;

/** The least that an import can be: each conversation's object takes its messages, and nothing else is done. */
async function importTo(keepers: Env["Keeper"], request: Request): Promise<Response> {
  const { messages }: { messages: ImportedMessage[] } = await request.json();
  const groups = [...Map.groupBy(messages, ({ to }) => to)].values();
  const work = async () => {
    for (const [id, group] of groups) await keepers.getByName(id).keep(group);
  };
  await Promise.all(Array.from({ length: KEEPERS_AT_ONCE }, work));
  const done = { added: 0, changed: 0, kept: 0, refused: [] };
  return Response.json({ ...done, messages: { ...done, added: messages.length } });
}

/** A Worker that keeps the client's socket itself, with a socket of its own to an object. */
function pipe({ webSocket: link }: Response): Response {
  if (link === null) return new Response(null, { status: 500 });
  link.binaryType = "arraybuffer";
  link.accept();
  const { 0: client, 1: server } = new WebSocketPair();
  server.binaryType = "arraybuffer";
  server.accept();
  server.addEventListener("message", ({ data }) => link.send(data));
  link.addEventListener("message", ({ data }) => server.send(data));
  server.addEventListener("close", () => link.close(1000));
  return new Response(null, { status: 101, webSocket: client });
}

export default {
  async fetch(request, env): Promise<Response> {
    const [, kind, name = ""] = new URL(request.url).pathname.split("/");
    switch (kind) {
      case "Star":
        return env.Star.getByName(name).fetch(request);
      case "InsertStar":
        return env.InsertStar.getByName(name).fetch(request);
      case "GroupStar":
        return env.GroupStar.getByName(name).fetch(request);
      case "Sleeper":
        return env.Sleeper.getByName(name).fetch(request);
      case "Keeper":
        return importTo(env.Keeper, request);
      case "PipedStar":
        return pipe(await env.Star.getByName(name).fetch(request));
      case "Piped":
        return pipe(await env.Sleeper.getByName(name).fetch(request));
      default:
        return new Response("bench", { status: 404 });
    }
  },
} satisfies ExportedHandler<Env>;
