import { convertIPv4ToBinary, convertIPv6ToBinary } from "hono/utils/ipaddr";

/** The class of a URL's host, as far as the URL shows it: a public name may still resolve to a private address. */
export type AddressClass = "public" | "loopback" | "private";

/** IPv4 blocks that are unassigned, local, private or multicast (IANA's special-purpose registry). */
const PRIVATE_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10", // carriers' address translation
  "127.0.0.0/8",
  "169.254.0.0/16", // link-local; clouds answer with their machines' secrets here
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4", // multicast
  "240.0.0.0/4",
].map((block) => blockOf(block, 32, convertIPv4ToBinary));

/** The public part of IPv6; mapped, translated, unique-local and link-local addresses lie outside. */
const GLOBAL_6 = blockOf("2000::/3", 128, convertIPv6ToBinary);

/** Its non-public parts: tunnels that carry an IPv4 address of the caller's choice, and documentation. */
const PRIVATE_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"].map((block) =>
  blockOf(block, 128, convertIPv6ToBinary),
);

const LOOPBACK_4 = blockOf("127.0.0.0/8", 32, convertIPv4ToBinary);
const LOOPBACK_6 = 1n;

/** Top-level names that never leave a machine or a network. */
const PRIVATE_NAME = /(?:^|\.)(?:local|localdomain|internal|lan|home\.arpa)$/;
const LOOPBACK_NAME = /(?:^|\.)localhost$/;

/** Reads the host as normalized by `URL`: any written form of an address is dotted decimal by then. */
export function addressClassOf(url: URL): AddressClass {
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[")) return placeOf6(convertIPv6ToBinary(host.slice(1, -1)));
  if (/^[\d.]+$/.test(host)) return placeOf4(convertIPv4ToBinary(host));
  if (LOOPBACK_NAME.test(host)) return "loopback";
  // A name without a dot is completed by the local network, so it belongs to that network.
  return PRIVATE_NAME.test(host) || !host.includes(".") ? "private" : "public";
}

function placeOf4(address: bigint): AddressClass {
  if (LOOPBACK_4(address)) return "loopback";
  return PRIVATE_4.some((contains) => contains(address)) ? "private" : "public";
}

function placeOf6(address: bigint): AddressClass {
  if (address === LOOPBACK_6) return "loopback";
  return GLOBAL_6(address) && !PRIVATE_6.some((contains) => contains(address)) ? "public" : "private";
}

/** Whether an address lies in a block such as `10.0.0.0/8`. */
function blockOf(block: string, width: number, read: (text: string) => bigint): (address: bigint) => boolean {
  const [start = "", length = ""] = block.split("/");
  const shift = BigInt(width - Number(length));
  const prefix = read(start) >> shift;
  return (address) => address >> shift === prefix;
}
