import type { ConversationRequest } from "../../protocol/link-controls.ts";
import type { LinkSocket } from "./link-socket.ts";

type State =
  | "absent"
  /** It is in the audience, or will be once its subscription is open. */
  | "present"
  /** It left before its subscription was open: the conversation may have been told the opposite. */
  | "to leave"
  /** The conversation was asked to let it go. What it said before it knew does not count. */
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

  /** The subscription is opened, perhaps again. Returns whether the session wants to be in the audience. */
  opening(): boolean {
    // The conversation knows nothing of the session that it would have to be asked to let go.
    if (!this.isPresent) this.#state = "absent";
    return this.isPresent;
  }

  /** @param socket undefined if the subscription is not open */
  leave(socket: LinkSocket | undefined): void {
    if (!this.isPresent) return;
    if (socket === undefined) this.#state = "to leave";
    else this.#ask(socket);
  }

  /** The conversation states whether the session is in its audience. Returns whether that is as it is wanted here. */
  told(isPresent: boolean, socket: LinkSocket | undefined): boolean {
    if (isPresent && this.#state === "leaving") return false;
    if (isPresent && this.#state === "to leave") {
      if (socket !== undefined) this.#ask(socket);
      return false;
    }
    this.#state = isPresent ? "present" : "absent";
    return true;
  }

  #ask(socket: LinkSocket): void {
    this.#state = "leaving";
    const request: ConversationRequest = { type: "leave" };
    socket.send(JSON.stringify(request));
  }
}
