import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { LOOPBACK, startChild } from "./child.ts";
import { commandPath } from "./packages.ts";
import type { Keeping, Peer } from "./peer.ts";
import { DOMAIN } from "./xmpp-client.ts";
import { xmppContender } from "./xmpp-rooms.ts";

const MANAGED =
  "stream management: the server asks each receiver to acknowledge, again after each answer; a sender of a " +
  "conversation of two asks with each message, and the sender's own copy acknowledges in a room";

/** The archive in SQLite, each message committed before it goes on. */
export const ejabberd: Peer = {
  name: "ejabberd, MAM in SQLite",
  keeps: "disk",
  traffic: MANAGED,
  needs: "ejabberd",
  start: () => start("disk"),
};

/** The archive as Debian's settings have it. */
export const ejabberdMnesia: Peer = {
  name: "ejabberd, MAM in Mnesia",
  keeps: "later",
  traffic: MANAGED,
  needs: "ejabberd",
  start: () => start("later"),
};

export const ejabberdPlain: Peer = {
  name: "ejabberd, no archive",
  keeps: "nothing",
  traffic: "the sender's own copy in a room; nothing in a conversation of two",
  needs: "ejabberd",
  start: () => start("nothing"),
};

async function start(keeps: Keeping) {
  const { place, pids, stop } = await startChild(async ({ folder, port }) => {
    await writeFile(`${folder}/ejabberd.yml`, settings(folder, port, keeps));
    return {
      command: commandPath("erl") ?? "erl",
      // Threads that wait for work busily would count as work.
      arguments: [
        ..."-noinput +K true +P 250000 +sbwt none +sbwtdcpu none +sbwtdio none -mnesia dir".split(" "),
        `"${folder}"`,
        ..."-s ejabberd".split(" "),
      ],
      environment: {
        ERL_LIBS: librariesFolder(),
        EJABBERD_CONFIG_PATH: `${folder}/ejabberd.yml`,
        EJABBERD_LOG_PATH: `${folder}/ejabberd.log`,
        HOME: folder,
      },
    };
  });
  return { contender: xmppContender(place.port, keeps !== "nothing"), pids, stop };
}

/** Debian keeps its Erlang libraries in a folder named after the processor. */
function librariesFolder(): string {
  const root = "/usr/lib";
  const found = readdirSync(root)
    .filter((name) => name.endsWith("-linux-gnu"))
    .find((name) => readdirSync(`${root}/${name}`).some((inner) => inner.startsWith("ejabberd-")));
  if (found === undefined) throw new Error("ejabberd's libraries are not where Debian has them");
  return `${root}/${found}`;
}

function settings(folder: string, port: number, keeps: Keeping): string {
  const archive = `
  mod_mam:
    default: always
    db_type: ${keeps === "disk" ? "sql" : "mnesia"}
  mod_stream_mgmt:
    resend_on_timeout: if_offline`;
  const database = `
sql_type: sqlite
sql_database: "${folder}/archive.sqlite"`;
  return `hosts: ["${DOMAIN}"]
loglevel: error
listen:
  - port: ${port}
    ip: "${LOOPBACK}"
    module: ejabberd_c2s
    starttls: false
    max_stanza_size: 65536
auth_method: internal
registration_timeout: infinity${keeps === "disk" ? database : ""}
shaper_rules: { max_user_sessions: 10, max_user_offline_messages: 100 }
modules:
  mod_disco: {}
  mod_register:
    ip_access: all
    access: all
  mod_muc:
    access_create: all
    default_room_options:
      presence_broadcast: []
      mam: ${keeps !== "nothing"}${keeps === "nothing" ? "" : archive}
`;
}
