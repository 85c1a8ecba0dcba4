/*
 * What any frame, request, client, socket or address may cost everybody else at most (I13), each bound with its
 * reason. No single one may take the thread for more than 50 ms, hold memory without limit that nobody reads, or leave
 * an object, a file or a row for a name that nobody has. What an owner may want otherwise is a setting instead; then
 * the setting's own range is the bound. docs/limits.md has the table: command or route, what it costs, what bounds it.
 */

// --- Frames and commands of one client

// --- Sockets: what is held for who does not read, log in, or answer

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

/** Addresses of which it is remembered what they did: some 300 bytes each. */
export const ADDRESSES_REMEMBERED = 10_000;

/** Clients put into conversations from one socket: two full groups at once. */
export const INVITATIONS_PER_SOCKET = { atOnce: 1_000, perMinute: 100 };

/** The same from one address. */
export const INVITATIONS_PER_ADDRESS = { atOnce: 5_000, perMinute: 500 };

// --- Queries of conversations and history

// --- Requests of the HTTP API

/** Parts of a batch. */
export const BATCH_PARTS_MAX = 50;
/**
 * What the parts of a batch cost together, in questions to D1 or to an object: an installation costs two. On the free
 * plan a request may ask 50 times (November 2026).
 */
export const BATCH_COST_MAX = 50;

// --- What is stored
