import { routePartykitRequest, Server } from "partyserver";

/** The smallest chat: a room sends each message to everybody in it, the sender included. */
export class Main extends Server {
  static options = { hibernate: true };

  onMessage(_connection, message) {
    this.broadcast(message);
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 });
  },
};
