import { numberedText } from "../message-body.ts";
import type { Contender, Room } from "../room.ts";
import { inParallel } from "../sockets.ts";
import { DOMAIN, XmppClient } from "./xmpp-client.ts";

/** What makes a text stanza without addresses about as long as the other servers' 200-byte frames. */
const TEXT_LENGTH = 68;
const CONFERENCE = `conference.${DOMAIN}`;
const ENTERED = /<status [^>]*code='110'/;

/**
 * Rooms of several are MUC rooms: the sender's own copy, which is sent when the room has archived the message,
 * acknowledges it. Conversations of two are messages from user to user: with stream management the server says how
 * many it has taken, and without it what is sent counts as acknowledged.
 */
export function xmppContender(port: number, managed: boolean): Contender {
  let users = 0;
  let rooms = 0;
  const logIn = () => XmppClient.logIn(port, `user${++users}`, managed);
  return {
    openRoom: async (receivers) => {
      const sender = await logIn();
      const members = await inParallel(receivers, 20, logIn);
      const [only] = members;
      return receivers === 1 && only !== undefined
        ? chat(sender, only, managed)
        : conference(sender, members, `room${++rooms}@${CONFERENCE}`);
    },
  };
}

async function conference(sender: XmppClient, members: XmppClient[], address: string): Promise<Room> {
  const enter = (client: XmppClient) =>
    client.ask(
      `<presence to='${address}/${client.name}'><x xmlns='http://jabber.org/protocol/muc'>` +
        "<history maxstanzas='0'/></x></presence>",
      ENTERED,
    );
  await enter(sender);
  await inParallel(members.length, 20, async (index) => members[index] && (await enter(members[index])));
  const message = textTo(address, "groupchat");
  const room = roomOf(sender, members, (sequence) => sender.write(message(sequence)));
  sender.numbered = (sequence) => room.acknowledged(sequence);
  return room;
}

async function chat(sender: XmppClient, member: XmppClient, managed: boolean): Promise<Room> {
  const message = textTo(member.address, "chat");
  const waiting: number[] = [];
  // Its presence was the first stanza that the server counts.
  let taken = 1;
  const room = roomOf(sender, [member], (sequence) => {
    if (managed) {
      waiting.push(sequence);
      sender.write(`${message(sequence)}<r xmlns='urn:xmpp:sm:3'/>`);
    } else {
      sender.write(message(sequence));
      queueMicrotask(() => room.acknowledged(sequence));
    }
  });
  sender.taken = (stanzas) => {
    for (; taken < stanzas; taken++) {
      const sequence = waiting.shift();
      if (sequence !== undefined) room.acknowledged(sequence);
    }
  };
  return room;
}

function roomOf(sender: XmppClient, members: XmppClient[], send: (sequence: number) => void): Room {
  const room: Room = {
    receivers: members.length,
    acknowledged: () => {},
    delivered: () => {},
    send,
    close: async () => {
      await Promise.all([sender, ...members].map((client) => client.close()));
    },
  };
  for (const member of members) member.numbered = (sequence) => room.delivered(sequence);
  return room;
}

function textTo(address: string, type: "chat" | "groupchat"): (sequence: number) => string {
  const [before, after] = numberedText(TEXT_LENGTH).split("00000000");
  return (sequence) =>
    `<message to='${address}' type='${type}' id='${sequence}'><body>${before}` +
    `${String(sequence).padStart(8, "0")}${after}</body></message>`;
}
