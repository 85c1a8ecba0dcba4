/*
 * What any frame, request, client, socket or address may cost everybody else at most (I13), each bound with its
 * reason. No single one may take the thread for more than 50 ms, hold memory without limit that nobody reads, or leave
 * an object, a file or a row for a name that nobody has. What an owner may want otherwise is a setting instead; then
 * the setting's own range is the bound. docs/limits.md has the table: command or route, what it costs, what bounds it.
 */

// --- Frames and commands of one client

/** Conversations that one frame may name, a `read` above all: apps mark everything as read with one of them. */
export const CONVERSATIONS_PER_FRAME = 1_000;
/** Conversations or clients that one frame may ask about: each is an object to wake. SDKs ask for 20 at most. */
export const ASKED_PER_FRAME = 100;
/** Messages that one frame may edit or recall; SDKs name one. */
export const PATCHES_PER_FRAME = 100;
/** Bytes of a send or an edit beside its content: ids, token, mentions, and the text Java sends along with bytes. */
export const ENVELOPE_BYTES = 16 * 1024;
/**
 * Conversations of one session whose links failed twice and wait to be opened again. One that is damaged is left alone
 * and everything else goes on; where more fail, the socket closes with 4200, and the device begins anew.
 */
export const SUBSCRIPTIONS_PAUSED = 16;
/** Moves of a mark that are kept with their times, some 600 bytes: what people still look at the receipts of. */
export const CURSOR_MOVES = 20;
/** Links of one session that are being opened at a time: as many as one frame can name, and some more. */
export const SUBSCRIPTIONS_OPENING = 1_200;
/** Bytes of a message that count as one send, LeanMessage's longest: what is longer counts as several (L-01). */
export const BYTES_PER_SEND = 5_120;
/** The same for the bytes of any other frame. */
export const BYTES_PER_COMMAND = 8_192;
/** Members in a command that count as one command: each of them is told. */
export const MEMBERS_PER_COMMAND = 20;
/** Messages of a page that count as one history query (L-02); SDKs ask for 100 at most. */
export const MESSAGES_PER_HISTORY_QUERY = 100;
/** What history of one type of messages counts: it may have to look at many times as many. */
export const HISTORY_BY_TYPE_COST = 4;
/** Clients of one socket whose commands are counted each by itself: twice as many as may be on at a time. */
export const CLIENTS_COUNTED = 200;
/** Bytes and frames that one socket may send in a minute before it is closed: more than all it is answered for. */
export const BYTES_PER_SOCKET_MINUTE = 64 * 1024 * 1024;
export const FRAMES_PER_SOCKET_MINUTE = 60_000;

/** Calls of a conversation to its members' objects that are on their way at a time: each may make an object, 2 ms. */
export const RELAY_CALLS_AT_ONCE = 8;
/**
 * Bytes of messages in one page of history that a client asks for; the rest comes with the next page. So much has to
 * fit in any case: SDKs ask for 100 at most, and some take a shorter page for the last one.
 */
export const HISTORY_ANSWER = { bytes: 4 * 1024 * 1024, messages: 100 };

/** Rows of a log that are looked at in one turn for one command, where an index cannot tell which of them count. */
export const LOG_ROWS = 2_000;
/** The same where each row's content has to be parsed, which may be 64 KB. */
export const PARSED_ROWS = 200;
/** Rows of a log that one history query looks at in all, turn by turn, for messages of a type or for one client. */
export const HISTORY_ROWS = 100_000;
/** Messages after a read cursor of which it is counted how many are unread: the newest; of more, so many are told. */
export const UNREAD_ROWS = 10_000;
/** Rows counted by one statement, and bytes of mentions and recipients that are looked through for a count. */
export const COUNTED_ROWS = 250;
export const COUNTED_BYTES = 4 * 1024 * 1024;

// --- Sockets: what is held for who does not read, log in, or answer

/**
 * How long (ms) a command waits for a conversation that does not say what the session missed: since any conversation
 * of the session's answered, since that one's object may be damaged for good, and in all. Then it is refused and was
 * not done. Java waits 10 s for an answer and JavaScript 15 to 20 s; what nobody waits for any more is better not done.
 */
export const CATCH_UP_WAIT = { silent: 8_000, longest: 20_000 };

/**
 * When sends count as waiting too long, so that new ones are refused with 4116. SDKs give up after 10 to 20 s, whatever
 * becomes of what they sent, and what is let in until then takes as long again; less would refuse what a burst brings
 * and a second later is done.
 */
export const BACKLOG = {
  /** ms that the first send of a conversation waits. */
  wait: 4_000,
  /** The same (ms) where more wait in it than people type: what is let in until then has to be done as well. */
  waitOfMany: 2_000,
  manySends: 20,
  /** Fewer conversations that are slow may be slow by themselves: their objects broke, or are far away. */
  conversations: 10,
};

/**
 * Bytes sent to one socket since it last showed that it reads; then it closes with 4200, and the SDK comes back. The
 * platform holds all that is sent until it is read. 30,000 messages of chat: every SDK acknowledges the first of them.
 */
export const UNREAD_BYTES_PER_SOCKET = 16 * 1024 * 1024;
/** The same for all sockets of an isolate together, of those that have more than a little; the first one closes. */
export const UNREAD_BYTES_OF_ALL = 64 * 1024 * 1024;
/** What may be unread of a socket in good order: some answers, and messages on their way. */
export const SUSPICIOUS_BYTES = 1024 * 1024;
/**
 * CPU (ms) and calls that a user socket may use on Cloudflare before it is handed over: well under the 300 s of
 * wrangler.toml and the 10,000 of the paid plan. An hour of a message a second is about 1 s and a few hundred calls.
 */
export const CPU_PER_SOCKET = 200_000;
export const SUBREQUESTS_PER_SOCKET = 8_000;
/** Links of all sessions of an isolate on Cloudflare, about 3 KB each of its 128 MB; beyond it sessions hold fewer. */
export const LINKS_OF_ALL = 16_000;
/** Sockets of one address on which nobody is logged in: an office comes back at once after its network was down. */
export const SOCKETS_BEFORE_LOGIN_PER_ADDRESS = 1_000;
/** Times that a `.1` device is sent messages again without acknowledging any; the rest comes at its next login. */
export const REDELIVERIES = 3;
/** Messages that one `.1` session has not acknowledged, and their bytes; older ones come at its next login. */
export const UNACKNOWLEDGED = { messages: 500, bytes: 1024 * 1024 };

// --- Logins, and names that nobody may have

/**
 * Logins in a row on one socket whose signature is refused; then it closes with 4108. An SDK that is refused asks its
 * app's server for another signature and tries once more; who tries names out goes on.
 */
export const UNSIGNED_IN_A_ROW = 5;

/** The same for logins refused for any reason: the tokens of all clients of a socket may have run out at once. */
export const REFUSED_IN_A_ROW = 120;

/** Logins on one socket: 100 clients may be on it, and each may be refused once and come again. */
export const LOGINS_PER_SOCKET = { atOnce: 300, perMinute: 60 };

/**
 * Logins without a session token from one address (of IPv6: one /64). 200 people of an office come at nine with two
 * sockets each and a retry; behind a carrier's address translation a few a second come all day.
 */
export const LOGINS_PER_ADDRESS = { atOnce: 1_000, perMinute: 300 };

/**
 * The same from this machine, where a proxy that tells nothing may stand for everybody, and load tests run: far above
 * both, and still an end to the files that one program can have made.
 */
export const LOGINS_ON_LOOPBACK = { atOnce: 10_000, perMinute: 3_000 };

/** Addresses of which it is remembered what they did: some 300 bytes each, and 1 KB for those that gave commands. */
export const ADDRESSES_REMEMBERED = 10_000;

/** Conversations that an isolate remembers to exist: about 100 bytes each. */
export const CONVERSATIONS_REMEMBERED = 50_000;

/**
 * Objects of conversations that an isolate wakes in a minute without knowing whether they exist, while the index does
 * not answer, and as many of clients: more than a server of this kind is asked for by people, and no more files than
 * 800 MB.
 */
export const WOKEN_WITHOUT_INDEX = 3_000;

/** Clients that an isolate remembers to have logged in: about 100 bytes each. */
export const CLIENTS_REMEMBERED = 50_000;

/** Clients put into conversations from one socket: two full groups at once. */
export const INVITATIONS_PER_SOCKET = { atOnce: 1_000, perMinute: 100 };

/** The same from one address. */
export const INVITATIONS_PER_ADDRESS = { atOnce: 5_000, perMinute: 500 };

/** The same from this machine, for the same reason as its logins. */
export const INVITATIONS_ON_LOOPBACK = { atOnce: 10_000, perMinute: 3_000 };

/**
 * Conversations that one client is put into from one socket, an address, this machine: each of them is a question at
 * that client's next login. People begin conversations with one person one by one. Many people behind one carrier's
 * address may each begin one with the same support client.
 */
export const INVITATIONS_OF_ONE = {
  bySocket: { atOnce: 100, perMinute: 20 },
  byAddress: { atOnce: 300, perMinute: 120 },
  onLoopback: { atOnce: 3_000, perMinute: 1_000 },
};

/** Clients of whom a socket, and an isolate, remember that: about 150 bytes each. */
export const INVITED_REMEMBERED = { bySocket: 2_000, byAll: 50_000 };

/** Clients that come or go whom one call to the app's object names, a row each: a few milliseconds of one commit. */
export const PRESENCE_AT_ONCE = 500;
/** Clients that an isolate remembers to tell the app of, some 100 bytes each, while the app does not answer. */
export const PRESENCE_WAITING = 10_000;

// --- Queries of conversations and history

/**
 * Conversations that a client's query looks at, after what an index leaves: 10 ms. A directory of public groups that
 * is larger is asked by name or kind, which are indexed.
 */
export const QUERY_ROWS_LOOKED_AT = 20_000;
/** Conditions and sort keys of a client's query that open attributes, mutes or columns of the app's own, in each row. */
export const QUERY_CONDITIONS_ON_JSON = 10;
/**
 * Queries of clients that are before D1 at once, of an isolate: what else needs D1, such as a conversation that is
 * looked up or copied, waits for no more than these. Others wait for their turn, so long (ms) at most: Java gives up
 * after 10 s, and its query has to be run as well. Of more than so many that wait, no turn would come in time.
 * What takes longest (ms) is given up before, or died with its object.
 */
export const QUERIES = { atOnce: 4, wait: 6_000, waiting: 2_000, longest: 10_000 };
/** What a client's query may take by its estimate, in microseconds of SQLite. */
export const QUERY_MICROSECONDS = 40_000;
/** JSON that may be opened to make an estimate: 5 ms. */
export const QUERY_JSON_BYTES = 4 * 1024 * 1024;
/** Bytes of conversations in one answer to a client, one at least: a frame of 19 MB held everybody up for 0.5 s. */
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

// --- Requests of the HTTP API

/**
 * Devices that are pushed to for a client because they subscribed to its channel by themselves, beside those it is
 * logged in on. Anybody with the app key can make any number of them.
 */
export const SUBSCRIBED_MAX = 20;
/**
 * Requests with the app key in a minute from an address, whatever they ask: a JavaScript device makes one at each
 * login. From this machine and private networks, where a proxy may stand for everybody, more.
 */
export const REQUESTS_PER_ADDRESS = { public: 6_000, other: 60_000 };
/** What a request counts as that may ask hundreds of objects, or D1 fifty times. */
export const COSTLY_REQUEST = 10;
/** Saves of installations with the app key in a minute from an address: a school whose phones all start at once. */
export const INSTALLATIONS_PER_ADDRESS = 600;
/** Conversations asked for the count of all unread messages: each is an object to wake. */
export const CONVERSATIONS_COUNTED = 500;

/** Parts of a batch. */
export const BATCH_PARTS_MAX = 50;
/**
 * What the parts of a batch cost together, in questions to D1 or to an object: an installation costs two. On the free
 * plan a request may ask 50 times (November 2026).
 */
export const BATCH_COST_MAX = 50;

// --- What is stored

/**
 * Bytes of the notices of one conversation: all are read when somebody joins. A change of attributes is kept with what
 * they became, which may be 100 KB; beside 1,000 notices and a week.
 */
export const NOTICES_BYTES = 2 * 1024 * 1024;
