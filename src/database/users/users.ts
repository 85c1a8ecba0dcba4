import { eq, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { StoredPassword, StoredToken, User } from "../../model/user.ts";
import { userIn } from "../rows-to-records.ts";
import { deletedUsers, userIdentities, users } from "../schema/users.ts";
import { statement } from "../statement.ts";

/** A user's id on another platform, which belongs to one user. */
export interface Identity {
  platform: string;
  uid: string;
}

/** What a user is found by. */
export type UserKey =
  | { by: "id" | "username" | "email" | "phone"; value: string }
  | { by: "token"; hash: string };

/** The user, if there is one. Throws if D1 fails. */
export async function findUser(db: D1Database, key: UserKey): Promise<User | undefined> {
  const [row] = await drizzle(db).select().from(users).where(conditionOf(key));
  return row && userIn(row);
}

function conditionOf(key: UserKey): SQL {
  return key.by === "token" ? eq(users.tokenHash, key.hash) : eq(users[key.by], key.value);
}

/** The users that have any of these identities. Throws if D1 fails. */
export async function findLinkedUsers(db: D1Database, identities: readonly Identity[]): Promise<User[]> {
  const pairs = JSON.stringify(identities.map(({ platform, uid }) => [platform, uid]));
  const { platform, uid, userId } = userIdentities;
  const rows = await drizzle(db)
    .select()
    .from(users)
    .where(sql`${users.id} IN (SELECT ${userId} FROM json_each(${pairs}) AS pair
      JOIN ${userIdentities} ON ${platform} = pair.value->>0 AND ${uid} = pair.value->>1)`);
  return rows.map(userIn);
}

/** The user's id for a session token's hash, if there is one. Throws if D1 fails. */
export async function findUserId(db: D1Database, tokenHash: string): Promise<string | undefined> {
  const [row] = await drizzle(db).select({ id: users.id }).from(users).where(eq(users.tokenHash, tokenHash));
  return row?.id;
}

/** What is unique and belongs to another user. */
export type Taken = "id" | "username" | "email" | "phone" | "session token" | "identity";

/** Adds a user with the whole row, or not at all. Returns which value another user has already. Throws if D1 fails. */
export async function insertUser(db: D1Database, user: User): Promise<{ taken: Taken } | undefined> {
  return insertUsers(db, [user]);
}

/** The same for several: adds all of them, or none. */
export async function insertUsers(
  db: D1Database,
  added: readonly User[],
): Promise<{ taken: Taken } | undefined> {
  const queries = added.flatMap((user) => {
    const insertion = drizzle(db)
      .insert(users)
      .values({ ...user, ...nullsFor(user) })
      .getSQL();
    const hasAccounts = Object.keys(user.authData).length > 0;
    return hasAccounts ? [insertion, ...identitiesOf(user.id)] : [insertion];
  });
  return takenBy(() => db.batch(queries.map((query) => statement(db, query))));
}

/**
 * Changes a user if the row is still as it was read; returns undefined if it is not. `updatedAt` must have grown. If
 * another user has one of the new values already, returns which, and changes nothing. Throws if D1 fails.
 */
export async function updateUser(
  db: D1Database,
  before: User,
  after: User,
): Promise<"done" | { taken: Taken } | undefined> {
  const { id, createdAt, password, tokenHash, sealedToken, ...content } = { ...after, ...nullsFor(after) };
  const update = drizzle(db)
    .update(users)
    .set({
      ...content,
      // The hash may have been replaced by a better one since.
      ...(after.password !== before.password && { password }),
      ...(tokenHash !== before.tokenHash && { tokenHash, sealedToken }),
    })
    .where(sql`${eq(users.id, before.id)} AND ${eq(users.updatedAt, before.updatedAt)}`)
    .returning({ id: users.id })
    .getSQL();
  let isWritten = false;
  const taken = await takenBy(async () => {
    const queries = [update, ...identitiesOf(before.id)].map((query) => statement(db, query));
    const [written] = await db.batch<{ id: string }>(queries);
    isWritten = (written?.results.length ?? 0) > 0;
  });
  return taken ?? (isWritten ? "done" : undefined);
}

/** Replaces a password's hash by another one of the same password. Throws if D1 fails. */
export async function replacePasswordHash(
  db: D1Database,
  id: string,
  { before, after }: { before: StoredPassword; after: StoredPassword },
): Promise<void> {
  await drizzle(db)
    .update(users)
    .set({ password: after })
    .where(sql`${eq(users.id, id)} AND ${users.password} = ${JSON.stringify(before)}`);
}

/** Replaces a token that cannot be read any more, unless it was replaced since. Throws if D1 fails. */
export async function replaceToken(
  db: D1Database,
  id: string,
  { before, after }: { before: StoredToken; after: StoredToken },
): Promise<boolean> {
  const { tokenHash, sealedToken } = after;
  const written = await drizzle(db)
    .update(users)
    .set({ tokenHash, sealedToken })
    .where(sql`${eq(users.id, id)} AND ${eq(users.tokenHash, before.tokenHash)}`)
    .returning({ id: users.id });
  return written.length > 0;
}

/** Removes a user and remembers that. A missing one is ignored. `now` in ms. Throws if D1 fails. */
export async function removeUser(db: D1Database, id: string, now: number): Promise<void> {
  const removal = [
    sql`INSERT OR REPLACE INTO ${deletedUsers} (id, deleted_at) SELECT ${users.id}, ${now} FROM ${users}
      WHERE ${users.id} = ${id}`,
    sql`DELETE FROM ${userIdentities} WHERE ${userIdentities.userId} = ${id}`,
    sql`DELETE FROM ${users} WHERE ${users.id} = ${id}`,
  ];
  await db.batch(removal.map((query) => statement(db, query)));
}

/** The ids among these that users have, or had before they were removed. Throws if D1 fails. */
export async function idsOnceUsed(db: D1Database, ids: readonly string[]): Promise<Set<string>> {
  const asked = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const { results } = await statement(
    db,
    sql`SELECT ${users.id} AS id FROM ${users} WHERE ${users.id} IN ${asked}
      UNION ALL SELECT ${deletedUsers.id} FROM ${deletedUsers} WHERE ${deletedUsers.id} IN ${asked}`,
  ).all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}

/** Whether a user was removed. Throws if D1 fails. */
export async function wasRemoved(db: D1Database, id: string): Promise<boolean> {
  return (await drizzle(db).$count(deletedUsers, eq(deletedUsers.id, id))) > 0;
}

/**
 * Users in the order of their ids, which is that of their creation: all, or those with one of some values in a column.
 * Throws if D1 fails.
 */
export async function listUsers(
  db: D1Database,
  among: { by: "id" | "username" | "email" | "phone"; values: readonly string[] } | undefined,
  { limit, skip }: { limit: number; skip: number },
): Promise<User[]> {
  const isAmong =
    among && sql`${users[among.by]} IN (SELECT value FROM json_each(${JSON.stringify(among.values)}))`;
  const rows = await drizzle(db)
    .select()
    .from(users)
    .where(isAmong)
    .orderBy(users.id)
    .limit(limit)
    .offset(skip);
  return rows.map(userIn);
}

/** How many users there are in all. Throws if D1 fails. */
export async function countUsers(db: D1Database): Promise<number> {
  return drizzle(db).$count(users);
}

/**
 * Statements that bring the identities of a user in line with the row as it is by then, also if another call wrote it.
 * Adding one that belongs to another user fails, and with it the whole batch.
 */
function identitiesOf(id: string): SQL[] {
  const { platform, uid, userId } = userIdentities;
  const inRow = sql`SELECT data.key AS platform,
      CAST(coalesce(data.value->>'uid', data.value->>'openid', data.value->>'id') AS TEXT) AS uid
    FROM ${users}, json_each(${users.authData}) AS data WHERE ${users.id} = ${id}`;
  return [
    sql`DELETE FROM ${userIdentities} WHERE ${userId} = ${id} AND (${platform}, ${uid}) NOT IN (${inRow})`,
    sql`INSERT INTO ${userIdentities} (platform, uid, user_id) SELECT platform, uid, ${id} FROM (${inRow})
      WHERE (platform, uid) NOT IN (SELECT ${platform}, ${uid} FROM ${userIdentities} WHERE ${userId} = ${id})`,
  ];
}

/** Drizzle leaves undefined columns out; these must become null. */
function nullsFor({ email, phone, emailVerified, phoneVerified, acl }: User) {
  return {
    email: email ?? null,
    phone: phone ?? null,
    emailVerified: emailVerified ?? null,
    phoneVerified: phoneVerified ?? null,
    acl: acl ?? null,
  };
}

const TAKEN: Record<string, Taken> = {
  "users.id": "id",
  "users.username": "username",
  "users.email": "email",
  "users.phone": "phone",
  "users.token_hash": "session token",
  "user_identities.platform": "identity",
};

/** Runs a write, and reads from its error what is not unique. */
async function takenBy(write: () => Promise<unknown>): Promise<{ taken: Taken } | undefined> {
  try {
    await write();
  } catch (error) {
    const [, column = ""] = /UNIQUE constraint failed: (\w+\.\w+)/.exec(String(error)) ?? [];
    const taken = TAKEN[column];
    if (taken === undefined) throw error;
    return { taken };
  }
  return undefined;
}
