/*
 * The most that any frame, client, socket or address may cost all others (I13), each bound with its reason; those of
 * requests are in `request-bounds.ts`. None may take the thread for more than 50 ms, hold unread memory without limit,
 * or leave an object, a file or a row for a name that nobody has. What an owner may want otherwise is a setting instead;
 * then the setting's own range is the bound. docs/limits.md has the table: command or route, what it costs, what bounds
 * it.
 */

// --- Frames and commands of one client

/** Conversations that one frame may name, a `read` above all: apps mark everything as read with one of them. */
export const CONVERSATIONS_PER_FRAME = 1_000;
/** Clients on the list of those that muted a room; who did so first is dropped. */
export const ROOM_MUTES = 500;
/** Conversations or clients that one frame may ask about: each is an object to wake. SDKs ask for 20 at most. */
export const ASKED_PER_FRAME = 100;
/** Messages that one frame may edit or recall; SDKs name one. */
export const PATCHES_PER_FRAME = 100;
/** Conversations that a client refuses, or accepts again, by one command: each is a call to its object. */
export const CONVERSATIONS_REFUSED_PER_FRAME = 20;
/** Bytes of a send or an edit beside its content: ids, token, mentions, and the text Java sends along with bytes. */
export const ENVELOPE_BYTES = 16 * 1024;
/**
 * Subscriptions of one session that failed twice and wait to be opened again. A damaged conversation is left alone, and
 * everything else continues. If more of them fail, the socket closes with 4200 and the device logs in again.
 */
export const SUBSCRIPTIONS_PAUSED = 16;
/** Moves of a cursor that are kept with their times, some 600 bytes: people look at the receipts of these. */
export const CURSOR_MOVES = 20;
/**
 * Services whose broadcasts one session hears while it is online, the ones it subscribed to last; it has a subscription
 * to each that is not evicted. A client that subscribes to more hears of the others' at its next login.
 */
export const SERVICES_PER_SESSION = 20;
/** Clients that are sent a broadcast to everybody at a time: each is an object to wake. */
export const ANNOUNCED_AT_ONCE = 8;
/** ms after which every isolate has settings that were stored before: their age, and the time to read them. */
export const SETTINGS_SPREAD = 8_000;
/** Subscriptions of one session that are being opened at a time: as many as one frame can name, and some more. */
export const SUBSCRIPTIONS_OPENING = 1_200;
/** Bytes of a message that count as one send, LeanMessage's longest. A longer message counts as several (L-01). */
export const BYTES_PER_SEND = 5_120;
/** The same for the bytes of any other frame. */
export const BYTES_PER_COMMAND = 8_192;
/** Members in a command that count as one command: each of them is notified. */
export const MEMBERS_PER_COMMAND = 20;
/** Messages of a page that count as one history query (L-02); SDKs ask for 100 at most. */
export const MESSAGES_PER_HISTORY_QUERY = 100;
/** The cost of a history query for one type of messages: it may have to read many times as many rows. */
export const HISTORY_BY_TYPE_COST = 4;
/** Clients of one socket whose commands are counted separately: twice as many as may be logged in at a time. */
export const CLIENTS_COUNTED = 200;
/** Bytes and frames that one socket may send in a minute before it is closed: more than all that it is answered for. */
export const BYTES_PER_SOCKET_MINUTE = 64 * 1024 * 1024;
export const FRAMES_PER_SOCKET_MINUTE = 60_000;

/** Calls of a conversation to its members' objects in flight at a time: each may create an object, which takes 2 ms. */
export const WAKES_AT_ONCE = 8;
/** Calls of a conversation to its relays in flight at a time: each carries what up to 2,000 sessions are sent. */
export const RELAY_CALLS_AT_ONCE = 64;
/**
 * Bytes of messages in one page of history; the rest comes with the next page. This many messages have to fit in any
 * case: SDKs ask for 100 at most, and some treat a shorter page as the last one.
 */
export const HISTORY_ANSWER = { bytes: 4 * 1024 * 1024, messages: 100 };

/** Rows of a log that are read in one turn for one command, if no index can select them. */
export const LOG_ROWS = 2_000;
/** The same where each row's content has to be parsed, which may be 64 KB. */
export const PARSED_ROWS = 200;
/** Rows of a log that one history query reads in total, turn by turn, for messages of a type or for one client. */
export const HISTORY_ROWS = 100_000;
/**
 * Messages after a read cursor that are counted as unread, the newest ones. If there are more, this number is the
 * count.
 */
export const UNREAD_ROWS = 10_000;
/** Rows counted by one statement, and bytes of mentions and recipients that are searched for a count. */
export const COUNTED_ROWS = 250;
export const COUNTED_BYTES = 4 * 1024 * 1024;

// --- Sockets: what is held for clients that do not read, log in, or answer

/**
 * How long (ms) a command waits for a conversation that has not answered the catch-up: since any conversation of the
 * session answered, as the object of that one may be damaged for good, and in total. Then it is refused and was not
 * done. Java waits 10 s for an answer and JavaScript 15 to 20 s. A command whose SDK has given up is better not done.
 */
export const CATCH_UP_WAIT = { silent: 8_000, longest: 20_000 };

/**
 * When sends count as waiting too long, so that new ones are refused with 4116. SDKs give up after 10 to 20 s, and what
 * is accepted until then takes as long again. Lower values would refuse a peak that is done a second later.
 */
export const BACKLOG = {
  /** ms that the first send of a conversation waits. */
  wait: 4_000,
  /** The same (ms) if more sends wait in it than people type: those accepted until then have to be done as well. */
  waitOfMany: 2_000,
  manySends: 20,
  /**
   * ms that the first send waits before those who have far more waiting than others are refused, so that one who sends too
   * much holds nobody else up.
   */
  waitOfSome: 1_000,
  /** Sends of one client in one conversation that may wait whatever the others have: more than a person types. */
  ownSends: 4,
  /** How many times as many sends as others have on average one may have waiting. */
  timesOthers: 3,
  /** A smaller number of slow conversations may have reasons of their own: their objects broke, or are far away. */
  conversations: 10,
};

/**
 * Bytes sent to one socket since it last showed that it reads; then it closes with 4200, and the SDK reconnects. The
 * platform holds all that is sent until it is read. 30,000 chat messages: every SDK acknowledges the first of them.
 */
export const UNREAD_BYTES_PER_SOCKET = 16 * 1024 * 1024;
/**
 * The same of messages in rooms, which SDKs do not acknowledge: a device that listens for half an hour to 100 of them a
 * second. Heartbeats show that it is there, but not that it reads. It is put back into its room when it reconnects.
 */
export const UNCONFIRMED_BYTES_PER_SOCKET = 64 * 1024 * 1024;
/**
 * The same for all sockets of an isolate together that have more than a little unread. The one with the most closes.
 */
export const UNREAD_BYTES_OF_ALL = 64 * 1024 * 1024;
/** A record that an object handed over reaches its device, or never does, in less than this (ms). */
export const LONGEST_DELIVERY = 30_000;
/** Unread bytes of a socket in good order: some answers, and messages in flight. */
export const SUSPICIOUS_BYTES = 1024 * 1024;
/**
 * CPU (ms) and calls that a user socket may use on Cloudflare before it is handed over: well under the 300 s of
 * wrangler.toml and the 10,000 of the paid plan. An hour of a message a second is about 1 s and a few hundred calls.
 */
export const CPU_PER_SOCKET = 200_000;
export const SUBREQUESTS_PER_SOCKET = 8_000;
/**
 * Subscriptions of all sessions of an isolate on Cloudflare, about 3 KB each of its 128 MB. Beyond it, sessions hold
 * fewer.
 */
export const SUBSCRIPTIONS_OF_ALL = 16_000;
/**
 * Sockets of one address on which no client is logged in: a whole office reconnects at once after its network was down.
 */
export const SOCKETS_BEFORE_LOGIN_PER_ADDRESS = 1_000;
/** Times that a `.1` device is sent messages again without acknowledging any; the rest comes at its next login. */
export const REDELIVERIES = 3;
/** Messages that one `.1` session has not acknowledged, and their bytes. Older ones come at its next login. */
export const UNACKNOWLEDGED = { messages: 500, bytes: 1024 * 1024 };

// --- Logins, and names that nobody may have

/**
 * Logins in a row on one socket whose signature is refused; then it closes with 4108. An SDK that is refused asks its
 * app's server for another signature and tries once more. Only a client that tries out names continues.
 */
export const UNSIGNED_IN_A_ROW = 5;

/** The same for logins refused for any reason: the tokens of all clients of a socket may have expired at once. */
export const REFUSED_IN_A_ROW = 120;

/** Logins on one socket: 100 clients may be on it, and each may be refused once and try again. */
export const LOGINS_PER_SOCKET = { atOnce: 300, perMinute: 60 };

/**
 * Logins without a session token from one address (of IPv6: one /64). 200 people of an office arrive at nine with two
 * sockets each and a retry. Behind a carrier's address translation, a few clients a second log in all day.
 */
export const LOGINS_PER_ADDRESS = { atOnce: 1_000, perMinute: 300 };

/**
 * The same from this machine, where a proxy that forwards no addresses may stand for all clients, and load tests run:
 * far above both, and still a limit on the files that one program can cause.
 */
export const LOGINS_ON_LOOPBACK = { atOnce: 10_000, perMinute: 3_000 };

/** Addresses whose use is remembered: some 300 bytes each, and 1 KB for those that sent commands. */
export const ADDRESSES_REMEMBERED = 10_000;

/** Conversations that an isolate remembers to exist: about 100 bytes each. */
export const CONVERSATIONS_REMEMBERED = 50_000;

/**
 * Objects of conversations that an isolate wakes in a minute without knowing whether they exist, while the index does
 * not answer, and as many of clients. People ask for fewer on a server of this kind, and it is no more than 800 MB of
 * files.
 */
export const WOKEN_WITHOUT_INDEX = 3_000;

/** Clients that an isolate remembers to have logged in: about 100 bytes each. */
export const CLIENTS_REMEMBERED = 50_000;

/** Clients added to conversations from one socket: two full groups at once. */
export const INVITATIONS_PER_SOCKET = { atOnce: 1_000, perMinute: 100 };

/** The same from one address. */
export const INVITATIONS_PER_ADDRESS = { atOnce: 5_000, perMinute: 500 };

/** The same from this machine, for the same reason as its logins. */
export const INVITATIONS_ON_LOOPBACK = { atOnce: 10_000, perMinute: 3_000 };

/**
 * Conversations that one client is added to from one socket, an address, this machine: each of them is asked at that
 * client's next login. People start conversations with one person one by one. Many people behind one carrier's address
 * may each start one with the same support client.
 */
export const INVITATIONS_OF_ONE = {
  bySocket: { atOnce: 100, perMinute: 20 },
  byAddress: { atOnce: 300, perMinute: 120 },
  onLoopback: { atOnce: 3_000, perMinute: 1_000 },
};

/** Clients whose invitations a socket, and an isolate, remember: about 150 bytes each. */
export const INVITED_REMEMBERED = { bySocket: 2_000, byAll: 50_000 };

/** Presence changes in one call to the app's object, a row each: a few milliseconds of one commit. */
export const PRESENCE_AT_ONCE = 500;
/** Presence changes that an isolate keeps while the app does not answer, some 100 bytes each. */
export const PRESENCE_WAITING = 10_000;

// --- Queries of conversations and history

/**
 * Conversations that a client's query reads after its index: 10 ms. A larger directory of public groups is queried by
 * name or kind, which are indexed.
 */
export const QUERY_ROWS_LOOKED_AT = 20_000;
/**
 * Conditions and sort keys of a client's query that open attributes, mutes or columns of the app's own, in each row.
 */
export const QUERY_CONDITIONS_ON_JSON = 10;
/** The queue in which the queries of all clients of an isolate wait for D1 (`client/query-queue.ts`). */
export const QUERIES = {
  /** Queries before D1 at once. A call to D1 of another kind, such as a copy, waits for no more than these. */
  atOnce: 4,
  /**
   * The longest wait in the queue (ms), then the query is refused: Java gives up after 10 s, and it still has to run.
   */
  wait: 6_000,
  /** Queries in the queue before a new one is refused at once: it would not run in time. */
  waiting: 2_000,
  /** The longest run (ms). A query that takes longer was given up or died with its object, and its place is free. */
  longest: 10_000,
};
/** The estimated cost of a client's query, in microseconds of SQLite. */
export const QUERY_MICROSECONDS = 40_000;
/** JSON that may be opened to make an estimate: 5 ms. */
export const QUERY_JSON_BYTES = 4 * 1024 * 1024;
/** Bytes of conversations in one answer to a client, one at least: a frame of 19 MB blocked all others for 0.5 s. */
export const QUERY_ANSWER_BYTES = 1024 * 1024;
/** Characters x instructions of a client's `$regex`, of which RE2 takes up to 20 ns each. */
export const QUERY_PATTERN_WORK = 2_000_000;

/**
 * What one statement of an owner's query looks at, at most: such a query is never refused for what it costs, but
 * everybody else has their turn after each. JSON counts once for each condition that opens it: a slice of it takes 4 ms
 * where it has few lists and 50 ms where they are all it is, and those after a slow one are smaller. Rows that are read
 * for the answer take 10 ms, a pattern that is tried 20.
 */
export const OWNERS_SLICE = { rows: 2_000, json: 1024 * 1024, read: 256 * 1024, pattern: 1_000_000 };
/** The same where D1 is a server of its own, and each statement a call over the network, of which there is an end. */
export const OWNERS_SLICE_ELSEWHERE = { ...OWNERS_SLICE, rows: 10_000, json: 4 * 1024 * 1024 };
/** An owner's query is given up after this (ms), with 504: server-side SDKs wait 10 to 15 s. */
export const OWNERS_QUERY_LONGEST = 12_000;

// --- What is stored

/**
 * Bytes of the notices of one conversation: all are read when a client subscribes. A change of attributes is kept with
 * the new values, which may be 100 KB; in addition to 1,000 notices and a week.
 */
export const NOTICES_BYTES = 2 * 1024 * 1024;

/**
 * How far (ms) after the time at which it was sent an imported message may have its place in the log: that many
 * messages of one conversation within a second.
 */
export const IMPORT_PLACES = 1_000;
