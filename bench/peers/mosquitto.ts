import { writeFile } from "node:fs/promises";
import type { Contender, Room } from "../room.ts";
import { inParallel } from "../sockets.ts";
import { LOOPBACK, startChild } from "./child.ts";
import { MqttClient, type Quality } from "./mqtt-client.ts";
import { commandPath } from "./packages.ts";
import type { Peer } from "./peer.ts";

export const mosquitto: Peer = {
  name: "mosquitto, QoS 1",
  keeps: "later",
  traffic: "PUBACK to the sender, and from each receiver",
  needs: "mosquitto",
  start: () => start(1),
};

export const mosquittoAtMostOnce: Peer = {
  name: "mosquitto, QoS 0",
  keeps: "nothing",
  traffic: "nothing: what is sent counts as acknowledged",
  needs: "mosquitto",
  start: () => start(0),
};

async function start(quality: Quality) {
  const { place, pids, stop } = await startChild(async ({ folder, port }) => {
    const settings = [
      `listener ${port} ${LOOPBACK}`,
      "allow_anonymous true",
      `persistence ${quality === 1}`,
      `persistence_location ${folder}/`,
      "set_tcp_nodelay true",
      "max_queued_messages 0",
      "max_connections -1",
      "log_dest none",
      "user root",
    ];
    await writeFile(`${folder}/mosquitto.conf`, `${settings.join("\n")}\n`);
    return {
      command: commandPath("mosquitto") ?? "mosquitto",
      arguments: ["-c", `${folder}/mosquitto.conf`],
    };
  });
  return { contender: mqttContender(place.port, quality), pids, stop };
}

/** A topic per room. The sender is not subscribed to it: the server's acknowledgement is all it gets. */
function mqttContender(port: number, quality: Quality): Contender {
  let rooms = 0;
  return {
    openRoom: async (receivers) => {
      const topic = `room/${++rooms}`;
      const sender = await MqttClient.connect(port, `${topic}/sender`, quality);
      const members = await inParallel(receivers, 50, async (index) => {
        const member = await MqttClient.connect(port, `${topic}/${index}`, quality);
        await member.subscribe(topic, quality);
        return member;
      });
      const room: Room = {
        receivers,
        acknowledged: () => {},
        delivered: () => {},
        send: sender.publisher(topic, quality),
        close: async () => {
          await Promise.all([sender, ...members].map((client) => client.close()));
        },
      };
      sender.acknowledged = (sequence) => room.acknowledged(sequence);
      for (const member of members) member.delivered = (sequence) => room.delivered(sequence);
      return room;
    },
  };
}
