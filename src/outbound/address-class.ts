import ipaddr from "ipaddr.js";

/** The class of a URL's host, as far as the URL shows it: a public name may still resolve to a private address. */
export type AddressClass = "public" | "loopback" | "private";

/** The public part of IPv6. The library counts all that has no purpose yet as public, such as `::127.0.0.1`. */
const GLOBAL_6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Top-level names that never leave a machine or a network. */
const PRIVATE_NAME = /(?:^|\.)(?:local|localdomain|internal|lan|home\.arpa)$/;
const LOOPBACK_NAME = /(?:^|\.)localhost$/;

/** Reads the host as normalized by `URL`: any written form of an address is dotted decimal by then. */
export function addressClassOf(url: URL): AddressClass {
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[")) return classOf(ipaddr.IPv6.parse(host.slice(1, -1)));
  if (/^[\d.]+$/.test(host)) return classOf(ipaddr.IPv4.parse(host));
  if (LOOPBACK_NAME.test(host)) return "loopback";
  // A name without a dot is completed by the local network, so it belongs to that network.
  return PRIVATE_NAME.test(host) || !host.includes(".") ? "private" : "public";
}

/** Any range with a name of its own is private: networks, examples, tunnels to an address of the caller's choice. */
function classOf(address: ipaddr.IPv4 | ipaddr.IPv6): AddressClass {
  const range = address.range();
  if (range === "loopback") return "loopback";
  if (range !== "unicast") return "private";
  return address.kind() === "ipv4" || address.match(GLOBAL_6) ? "public" : "private";
}
