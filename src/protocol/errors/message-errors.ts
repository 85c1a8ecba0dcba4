import type { ErrorTable } from "./error-table.ts";

/** Refusals of messages, and of their edits and recalls. */
export const messageErrors = {
  INVALID_MESSAGING_TARGET: {
    code: 4401,
    meaning: "no such conversation, or the sender is not a member",
    advice: "Join the conversation, or check its id.",
    retry: false,
  },
  MESSAGE_REJECTED_BY_APP: {
    code: 4402,
    meaning: "a hook of the app dropped the message",
    advice: "Ask your hook why; its code and detail come along.",
    retry: false,
  },
  MESSAGE_OWNERSHIP_REQUIRED: {
    code: 4403,
    meaning: "only the sender may edit or recall a message",
    advice: "Let the sender do it, or your server over HTTP.",
    retry: false,
  },
  MESSAGE_NOT_FOUND: {
    code: 4404,
    meaning: "no such message",
    advice: "Check the message's id and time; it may have been deleted or recalled.",
    retry: false,
  },
  MESSAGE_UPDATE_REJECTED_BY_APP: {
    code: 4405,
    meaning: "a hook of the app refused the edit or recall",
    advice: "Ask your hook why; its code and detail come along.",
    retry: false,
  },
  MESSAGE_EDIT_DISABLED: {
    code: 4406,
    meaning: "editing by clients is switched off",
    advice: "Switch `messages.allowEdit` on.",
    retry: false,
  },
  MESSAGE_RECALL_DISABLED: {
    code: 4407,
    meaning: "recalling by clients is switched off",
    advice: "Switch `messages.allowRecall` on.",
    retry: false,
  },
  /** Travels negated, as the code of a patch reason (M-18). */
  MESSAGE_MODIFIED_BY_CENSORSHIP: {
    code: 4408,
    meaning: "the keyword filter changed the message",
    advice: "Nothing: the message was sent, changed.",
    retry: false,
  },
} as const satisfies ErrorTable;
