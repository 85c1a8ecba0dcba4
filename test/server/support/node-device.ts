import { once } from "node:events";
import { WebSocket } from "ws";
import { RawDevice } from "../../support/raw-device.ts";

const PATIENCE = 20_000; // ms: as long as JavaScript waits for an answer (wire §2.3)

export interface DeviceOptions {
  protocol?: string;
  appId?: string;
  /** Where to connect instead, such as to a proxy in front; and what goes along. */
  url?: string;
  headers?: Record<string, string>;
  /** A certificate to trust. */
  ca?: string;
}

/** A device of the tests in Node: a real socket to a running server. */
export class NodeDevice extends RawDevice {
  /** Rejects if no server answers, as during a restart. */
  static async connect(server: { port: number }, options: DeviceOptions = {}): Promise<NodeDevice> {
    const { protocol = "lc.protobuf2.3", appId = "parley-dev", headers, ca } = options;
    const url = options.url ?? `ws://127.0.0.1:${server.port}/rtm`;
    const socket = new WebSocket(url, protocol, { headers, ca });
    const device = new NodeDevice(socket, appId, protocol.includes("base64"));
    await once(socket, "open");
    return device;
  }

  /** Connects and logs in. */
  static async of(
    server: { port: number },
    clientId: string,
    options: DeviceOptions = {},
  ): Promise<NodeDevice> {
    const device = await NodeDevice.connect(server, options);
    await device.login(clientId);
    return device;
  }

  private constructor(socket: WebSocket, appId: string, text: boolean) {
    super(socket, { appId, text, patience: PATIENCE });
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.arrived(isBinary ? new Uint8Array(data) : data.toString());
    });
    socket.on("close", (code, reason) => this.ended(code, reason.toString()));
    // The close that follows says all there is to say.
    socket.on("error", () => {});
  }
}
