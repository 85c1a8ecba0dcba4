import { type AddressClass, addressClassOf } from "../../outbound/address-class.ts";

/**
 * The network that devices are counted by; undefined where devices cannot be told apart: on this machine and in private
 * networks.
 */
export function networkOf(address: string): string | undefined {
  const { addressClass, network } = networkAt(address);
  return addressClass === "public" ? network : undefined;
}

/** Where an address is. */
export interface Network {
  addressClass: AddressClass;
  /** IPv4 as it is; of IPv6 the half that a provider gives to one customer. All addresses of this machine are one. */
  network: string;
}

const UNKNOWN: Network = { addressClass: "private", network: "" };

/** Where an address is. One that is unknown or invalid counts as private. */
export function networkAt(address: string | undefined): Network {
  if (address === undefined) return UNKNOWN;
  // A socket that listens on `::` has IPv4 in this form.
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, "");
  const host = plain.includes(":") ? `[${plain}]` : plain;
  if (!URL.canParse(`http://${host}`)) return UNKNOWN;
  const url = new URL(`http://${host}`);
  const addressClass = addressClassOf(url);
  if (addressClass !== "public") return { addressClass, network: addressClass };
  if (!url.hostname.startsWith("[")) return { addressClass, network: url.hostname };
  const [left = "", right = ""] = url.hostname.slice(1, -1).split("::");
  const groups = left.split(":");
  const rest = right === "" ? [] : right.split(":");
  while (groups.length + rest.length < 8) groups.push("0");
  return { addressClass, network: [...groups, ...rest].slice(0, 4).join(":") };
}
