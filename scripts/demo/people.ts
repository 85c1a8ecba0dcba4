import { Realtime, type SdkClient, type SdkConversation } from "./sdk.ts";

/** People who have a socket, by the SDK. */
export class People {
  readonly #clients: Map<string, SdkClient>;

  private constructor(clients: SdkClient[]) {
    this.#clients = new Map(clients.map((client) => [client.id, client]));
  }

  /** Logs people in, on one socket: a copy of the SDK connects to an app once. */
  static async logIn(
    app: { appId: string; appKey: string; server: string },
    names: string[],
  ): Promise<People> {
    const realtime = new Realtime(app);
    return new People(await Promise.all(names.map((name) => realtime.createIMClient(name))));
  }

  client(name: string): SdkClient {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`${name} has no socket`);
    return client;
  }

  /** A conversation as one of its people has it. */
  in(name: string, conversationId: string): Promise<SdkConversation> {
    return this.client(name).getConversation(conversationId);
  }

  /**
   * Makes a conversation known to several people, one after another: the SDK warns of questions that are alike and
   * asked at once on one socket, as they would be by a message that reaches all of them.
   */
  async meet(names: readonly string[], conversationId: string): Promise<void> {
    for (const name of names) await this.in(name, conversationId);
  }

  /** Logs everybody out but those named. */
  async leave(staying: readonly string[] = []): Promise<void> {
    const leaving = [...this.#clients.values()].filter(({ id }) => !staying.includes(id));
    await Promise.all(leaving.map((client) => client.close()));
  }
}
