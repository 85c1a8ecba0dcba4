/** What can happen in a scenario. */
export type Step =
  | "send"
  | "transient"
  | "edit"
  | "recall"
  | "read"
  | "cursors"
  | "join"
  | "leave"
  | "unique"
  | "role"
  | "silence"
  | "unsilence"
  | "block"
  | "unblock"
  | "will"
  | "login"
  | "reconnect"
  | "drop"
  | "logout"
  | "freeze"
  | "thaw"
  | "cut"
  | "hibernate"
  | "crash"
  | "restart"
  | "storage"
  | "die"
  | "wait";

/** People, their conversations, and what happens to them. */
export interface Scenario {
  people: string[];
  /** Members of each conversation at the start. The first one always keeps its two members, and so has receipts. */
  conversations: Record<string, string[]>;
  subscriptionLimit: number;
  steps: number;
  /** How often each step is taken, as weights. */
  weights: Partial<Record<Step, number>>;
  /** Number of `.1` devices in ten. */
  messagesMode: number;
  /** Whether some devices log in with a tag. */
  tags: boolean;
  /** Whether roles and blacklists are on. */
  permissions?: boolean;
  /** Sets of people that start their unique conversation, if any. */
  sets?: string[][];
}
