import { confirm } from "../../ui/confirm.tsx";
import { useText } from "../../ui/language.ts";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { say } from "../../ui/toast.tsx";
import type { Conversation } from "./conversation-queries.ts";
import {
  endSilence,
  giveRole,
  type MemberRow,
  removeClient,
  setBlocked,
  setMuted,
  silence,
} from "./member-queries.ts";
import { memberText } from "./member-text.ts";

const HOUR = 3_600; // seconds

export interface MemberActionsProps {
  conversation: Conversation;
  member: MemberRow;
  /** What the settings allow. */
  allowed: { memberRoles: boolean; blacklists: boolean };
  onChanged(): void;
}

/** What an owner can do about a member, a subscriber, or somebody in a room. */
export function MemberActions({ conversation, member, allowed, onChanged }: MemberActionsProps) {
  const text = useText(memberText);
  const { kind } = conversation;
  const { client_id: clientId, role, muted, silenced } = member;
  const attempt = async (change: () => Promise<unknown>): Promise<void> => {
    try {
      await change();
      say.done(text.done);
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
    onChanged();
  };
  const hasRoles = (kind === "normal" || kind === "room") && allowed.memberRoles;
  const item = (id: string, label: string, change: () => Promise<unknown>): MenuItem => ({
    id,
    label,
    onSelect: () => void attempt(change),
  });
  const dangerous = (id: string, label: string, title: string, change: () => Promise<unknown>): MenuItem => ({
    id,
    label,
    look: "danger",
    onSelect: async () => {
      if (await confirm({ title, text: text.about[kind], action: label })) await attempt(change);
    },
  });
  const items = [
    kind === "normal" &&
      item("mute", muted ? text.unmute : text.mute, () => setMuted(conversation, clientId, !muted)),
    hasRoles &&
      role === "Member" &&
      item("promote", text.promote, () => giveRole(conversation, clientId, "Manager")),
    hasRoles &&
      role === "Manager" &&
      item("demote", text.demote, () => giveRole(conversation, clientId, "Member")),
    silenced && item("unsilence", text.endSilence, () => endSilence(conversation, member)),
    !silenced && item("hour", text.silenceHour, () => silence(conversation, clientId, HOUR)),
    !silenced && hasRoles && item("silence", text.silence, () => silence(conversation, clientId)),
    kind !== "temporary" &&
      allowed.blacklists &&
      dangerous("block", text.block, text.blockTitle(clientId), () =>
        setBlocked(conversation, clientId, true),
      ),
    (kind === "normal" || kind === "system") &&
      dangerous("remove", text.remove, text.removeTitle(clientId), () =>
        removeClient(conversation, clientId),
      ),
  ];
  return <Menu label={text.actions(clientId)} items={items.filter((each) => each !== false)} />;
}
