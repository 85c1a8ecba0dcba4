import { writeFile } from "node:fs/promises";
import { LOOPBACK, startChild } from "./child.ts";
import { commandPath } from "./packages.ts";
import type { Peer } from "./peer.ts";
import { DOMAIN } from "./xmpp-client.ts";
import { xmppContender } from "./xmpp-rooms.ts";

/** Its archive is files to which it appends without a sync. */
export const prosody: Peer = {
  name: "prosody, MAM in files",
  keeps: "later",
  traffic:
    "stream management: the server asks each receiver to acknowledge; a sender of a conversation of two asks with " +
    "each message, and the sender's own copy acknowledges in a room",
  needs: "prosody",
  start: async () => {
    const { place, pids, stop } = await startChild(async ({ folder, port }) => {
      await writeFile(`${folder}/prosody.cfg.lua`, settings(folder, port));
      return {
        command: commandPath("prosody") ?? "prosody",
        arguments: ["--config", `${folder}/prosody.cfg.lua`, "-F"],
      };
    });
    return { contender: xmppContender(place.port, true), pids, stop };
  },
};

function settings(folder: string, port: number): string {
  return `run_as_root = true
daemonize = false
pidfile = "${folder}/prosody.pid"
data_path = "${folder}"
network_backend = "epoll"
modules_enabled = { "roster", "saslauth", "register_ibr", "smacks", "mam", "disco" }
modules_disabled = { "s2s", "tls" }
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
default_archive_policy = true
archive_expires_after = "never"
storage = "internal"
c2s_ports = { ${port} }
c2s_interfaces = { "${LOOPBACK}" }
log = { error = "*console" }
limits = {}
VirtualHost "${DOMAIN}"
Component "conference.${DOMAIN}" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_log_expires_after = "never"
  muc_room_locking = false
  muc_room_default_presence_broadcast = { visitor = false, participant = false, moderator = false }
`;
}
