/*
 * The most that any request of the HTTP API may cost all others (I13), each bound with its reason. Those of frames,
 * sockets and queries are in `bounds.ts`.
 */

/**
 * Devices that receive push for a client because they subscribed to its channel themselves, beside those it is logged
 * in on. Anybody with the app key can make any number of them.
 */
export const SUBSCRIBED_MAX = 20;
/**
 * Requests of any kind with the app key in a minute from an address: a JavaScript device makes one at each login. More
 * from this machine and private networks, where a proxy may stand for all clients.
 */
export const REQUESTS_PER_ADDRESS = { public: 6_000, other: 60_000 };
/** What a request counts as if it may call hundreds of objects, or D1 fifty times. */
export const COSTLY_REQUEST = 10;
/**
 * Requests that an isolate passes on to an upstream at a time, two connections each, and those of one address (of IPv6:
 * one /64): an office opens the app at nine, and an upstream that hangs holds them for `upstream.timeoutSeconds`.
 */
export const PASSED_AT_ONCE = { all: 1_000, ofOneAddress: 200 };
/** A request that was passed on ends after this (ms), although bytes still move: a large answer on a bad line. */
export const PASSED_LONGEST = 600_000;
/**
 * Bytes of a body that are read before a request is passed on, where only the body says which app it is of, or what a
 * batch asks for.
 */
export const READ_BEFORE_PASSING = 262_144;
/** Saves of installations with the app key in a minute from an address: all phones of a school start at once. */
export const INSTALLATIONS_PER_ADDRESS = 600;
/**
 * What an address may do about users in a minute: new ones, of which one with a password counts five times, and checks
 * of passwords, each of which takes 120 ms of the processor. More where a proxy may stand for many people.
 */
export const SIGN_UPS_PER_ADDRESS = { public: 300, other: 3_000 };
export const PASSWORD_SIGN_UP = 5;
export const PASSWORDS_PER_ADDRESS = { public: 60, other: 600 };
/** Passwords of the whole isolate: one at a time is worked on, networks take turns, so many wait, so long (ms). */
export const PASSWORD_QUEUE = { waiting: 100, wait: 8_000, longest: 8_000 };
/**
 * Wrong passwords within 15 minutes, after which the next are refused for as long: for one user from one address, or
 * from all addresses that cannot be told apart, and from one address for all users. Nobody locks a user out elsewhere.
 */
export const WRONG_PASSWORDS = { forUser: 6, fromUnknown: 30, fromAddress: 100, within: 900_000 };
/** Tries to sign in to the console in a minute, from one address, or from all that cannot be told apart. */
export const SIGN_INS_PER_ADDRESS = { known: 10, unknown: 30 };
/** Users and addresses with wrong passwords that an isolate remembers. */
export const WRONG_PASSWORDS_REMEMBERED = 10_000;
/** Users of one import. */
export const USERS_IMPORTED_AT_ONCE = 100;
/**
 * Files announced with the app key in a minute from an address, each of which is a row, and bytes uploaded: people send
 * pictures by the dozen. More where a proxy may stand for many people.
 */
export const FILES_PER_ADDRESS = { public: 600, other: 6_000 };
export const UPLOADED_PER_ADDRESS = { public: 2 * 1024 ** 3, other: 20 * 1024 ** 3 };
/** Bytes that uploads to a bucket without a length hold together, of the 128 MB of an isolate. */
export const UPLOADS_BUFFERED = 32 * 1024 * 1024;
/** Conversations asked for the count of all unread messages: each is an object to wake. */
export const CONVERSATIONS_COUNTED = 500;

/** Parts of a batch. */
export const BATCH_PARTS_MAX = 50;
/**
 * What the parts of a batch cost together, in calls to D1 or to an object: an installation costs two. On the free plan
 * a request may make 50 calls (November 2026).
 */
export const BATCH_COST_MAX = 50;
