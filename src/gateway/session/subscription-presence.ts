import type { ConversationRequest } from "../../protocol/link-controls.ts";
import type { LinkSocket } from "./link-socket.ts";

type State =
  | "absent"
  /** It is in the audience, or will be once its subscription is open. */
  | "present"
  /** It left before its subscription was open: the conversation may have been told the opposite. */
  | "leaving";

/** Whether the session of one subscription is in the audience of a conversation without members. */
export class SubscriptionPresence {
  #state: State = "absent";

  get isPresent(): boolean {
    return this.#state === "present";
  }

  /** The session wants to be in the audience when its subscription opens. */
  enter(): void {
    this.#state = "present";
  }

  /** @param socket undefined if the subscription is not open */
  leave(socket: LinkSocket | undefined): void {
    if (this.#state === "absent") return;
    this.#state = socket === undefined ? "leaving" : "absent";
    if (socket !== undefined) sendLeave(socket);
  }

  /** The conversation states whether the session is in its audience. Returns whether that is as it is wanted here. */
  told(isPresent: boolean, socket: LinkSocket | undefined): boolean {
    const isUnwanted = isPresent && this.#state === "leaving";
    this.#state = isPresent && !isUnwanted ? "present" : "absent";
    if (isUnwanted && socket !== undefined) sendLeave(socket);
    return !isUnwanted;
  }
}

function sendLeave(socket: LinkSocket): void {
  const request: ConversationRequest = { type: "leave" };
  socket.send(JSON.stringify(request));
}
