/*
 * What any frame, request, client, socket or address may cost everybody else at most (I13), each bound with its
 * reason. No single one may take the thread for more than 50 ms, hold memory without limit that nobody reads, or leave
 * an object, a file or a row for a name that nobody has. What an owner may want otherwise is a setting instead; then
 * the setting's own range is the bound. docs/limits.md has the table: command or route, what it costs, what bounds it.
 */

// --- Frames and commands of one client

// --- Sockets: what is held for who does not read, log in, or answer

// --- Logins, and names that nobody may have

// --- Queries of conversations and history

// --- Requests of the HTTP API

// --- What is stored
