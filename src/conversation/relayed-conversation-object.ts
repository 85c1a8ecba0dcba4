import type {
  RelayedOutcome,
  RelayedPosition,
  RelayedReplay,
  RelayedSubscriber,
  RelayRegistered,
  RelayReport,
  TooFarBehind,
} from "../protocol/relay-calls.ts";
import { ConversationShell } from "./conversation-shell-object.ts";
import { carryOutRelayed } from "./delivery/relayed-command.ts";

/** A conversation with the calls that its relays make to it (docs/rules.md, T1 to T5). */
export abstract class RelayedConversation extends ConversationShell {
  async registerRelay(relay: number, registration: string): Promise<RelayRegistered | undefined> {
    return this.lifecycle.open?.delivery.relays.register(relay, registration);
  }

  async relayReported(relay: number, report: RelayReport): Promise<void> {
    this.lifecycle.open?.delivery.relays.reported(relay, report);
  }

  async replayRelayed(
    { clientId }: RelayedSubscriber,
    lacked: RelayedPosition,
  ): Promise<RelayedReplay | TooFarBehind | undefined> {
    await this.lifecycle.refreshSettings();
    return this.lifecycle.open?.delivery.replayRelayed(clientId, lacked);
  }

  async mayEnter(subscriber: RelayedSubscriber): Promise<boolean> {
    return this.lifecycle.open?.delivery.mayEnter(subscriber) ?? false;
  }

  async carryOutRelayed(
    subscriber: RelayedSubscriber,
    frame: Uint8Array,
  ): Promise<RelayedOutcome | undefined> {
    const { open } = this.lifecycle;
    return open && carryOutRelayed(open, subscriber, frame);
  }
}
