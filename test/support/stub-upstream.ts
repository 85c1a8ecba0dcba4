import type { IncomingMessage, ServerResponse } from "node:http";
import { LocalServer } from "./local-server.ts";

/** A request as the upstream received it. */
export interface UpstreamRequest {
  method: string;
  /** Path and query, as they stood in the first line. */
  url: string;
  headers: IncomingMessage["headers"];
  /** Names and values in turn, as they arrived. */
  rawHeaders: string[];
  body: string;
}

type Answer = (request: UpstreamRequest, response: ServerResponse, incoming: IncomingMessage) => unknown;

/** A server that answers as each test says, and keeps what it was asked; without an answer it says what it was asked. */
export class StubUpstream extends LocalServer {
  readonly requests: UpstreamRequest[] = [];
  /** Requests whose answer had not ended when their connection was gone, by their path. */
  readonly left: string[] = [];
  answer: Answer = (request, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(request));
  };

  protected override async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers, rawHeaders } = incoming;
    response.on("close", () => {
      if (!response.writableFinished) this.left.push(url);
    });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk);
    } catch {
      return;
    }
    const request = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
    this.requests.push(request);
    await this.answer(request, response, incoming);
  }
}
