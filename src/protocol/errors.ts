import { conversationErrors } from "./errors/conversation-errors.ts";
import { messageErrors } from "./errors/message-errors.ts";
import { sessionErrors } from "./errors/session-errors.ts";

/**
 * Every numbered refusal of the protocol (wire §7). The key is what travels as `reason`: SDKs show it and apps
 * compare it, so official spellings stay, "SILIENCED" included.
 */
export const errors = { ...sessionErrors, ...conversationErrors, ...messageErrors };

export type ErrorName = keyof typeof errors;

/**
 * Errors that also serve as WebSocket close codes (wire §2.5). Only after a `final` one do official SDKs (and of
 * those only JavaScript) stay away; after every other they reconnect.
 */
export const closes = {
  APP_NOT_AVAILABLE: { final: true },
  INVALID_LOGIN: { final: true },
  INVALID_ORIGIN: { final: true },
  READ_TIMEOUT: { final: false },
  LOGIN_TIMEOUT: { final: false },
  FRAME_TOO_LONG: { final: false },
  UNPARSEABLE_RAW_MESSAGE: { final: false },
  MESSAGE_SENT_QUOTA_EXCEEDED: { final: false },
  INTERNAL_ERROR: { final: false },
} as const satisfies Partial<Record<ErrorName, { final: boolean }>>;

export type ClosingErrorName = keyof typeof closes;
