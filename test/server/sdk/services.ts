import type { ServiceConversation } from "./sdk-types.ts";
import type { Person, TestApp } from "./test-app.ts";
import { viewOf } from "./tom-and-jerry.ts";

const SERVICES = "/1.2/rtm/service-conversations";

/** A message of a service, as the API names it. Its time is in milliseconds. */
interface Told {
  id: string;
  timestamp: number;
}

/** What the app's server does with one of its service conversations. */
export class AppService {
  readonly id: string;
  readonly #app: TestApp;

  private constructor(app: TestApp, id: string) {
    this.#app = app;
    this.id = id;
  }

  static async create(app: TestApp): Promise<AppService> {
    const made = await app.ask(SERVICES, { method: "POST", body: { name: "News" } });
    const { objectId } = Object(made);
    return new AppService(app, String(objectId));
  }

  /** Sends a message as the service; resolves to its id and time (ms). */
  async #tell(path: string, body: object): Promise<Told> {
    const told = await this.#app.ask(path, { method: "POST", body: { from_client: "news", ...body } });
    const { "msg-id": id, timestamp } = Object(told);
    return { id: String(id), timestamp: Number(timestamp) };
  }

  /** A broadcast to the subscribers. */
  broadcast(words: string) {
    return this.#tell(`${SERVICES}/${this.id}/broadcasts`, { message: textOf(words) });
  }

  /** A message to some clients. */
  write(to: string[], words: string) {
    return this.#tell(`${SERVICES}/${this.id}/messages`, { message: textOf(words), to_clients: to });
  }

  /** A broadcast to everybody. @param more such as `valid_till` */
  broadcastToAll(words: string, more: object = {}) {
    return this.#tell("/1.2/rtm/broadcasts", { conv_id: this.id, message: textOf(words), ...more });
  }

  /** Ends a broadcast to everybody: devices that have it keep it. */
  endBroadcast(id: string) {
    return this.#app.ask(`/1.2/rtm/broadcasts/${id}`, { method: "DELETE" });
  }

  /** Edits a message. @param to the clients that it was for, if not all */
  edit({ id, timestamp }: Told, words: string, to?: string[]) {
    const body = { from_client: "news", timestamp, message: textOf(words), to_clients: to };
    return this.ask("PUT", `messages/${id}`, body);
  }

  recall({ id, timestamp }: Told, to?: string[]) {
    return this.ask("PUT", `messages/${id}/recall`, { from_client: "news", timestamp, to_clients: to });
  }

  /** Calls a path below that of the service. */
  ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<unknown> {
    return this.#app.ask(`${SERVICES}/${this.id}/${path}`, { method, body });
  }
}

/** The content of a text message. */
export const textOf = (words: string) => JSON.stringify({ _lctype: -1, _lctext: words });

/** A service as a client's SDK has it. */
export async function serviceOf(
  person: Pick<Person, "client">,
  { id }: { id: string },
): Promise<ServiceConversation> {
  const view = await viewOf(person, { id });
  if (!isService(view)) throw new Error("the SDK takes it for another kind");
  return view;
}

const isService = (view: object): view is ServiceConversation => "subscribe" in view;
