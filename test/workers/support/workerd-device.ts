import { RawDevice } from "../../support/raw-device.ts";
import { http, maybeHibernate, world } from "./world.ts";

export type { GenericCommand } from "../../support/raw-device.ts";

const PATIENCE = 10_000; // ms

interface DeviceOptions {
  /** What the sub-protocol header offers; null sends none. */
  protocol?: string | null;
  path?: string;
  headers?: Record<string, string>;
}

/** A device of the tests inside workerd: its socket is one of the Worker's own runtime. */
export class WorkerdDevice extends RawDevice {
  readonly response: Response;

  static async connect(options: DeviceOptions = {}): Promise<WorkerdDevice> {
    const { protocol = "lc.protobuf2.3", path = "/rtm" } = options;
    const offered: Record<string, string> = protocol === null ? {} : { "sec-websocket-protocol": protocol };
    const response = await http(path, { headers: { upgrade: "websocket", ...offered, ...options.headers } });
    const socket = response.webSocket;
    if (socket === null) throw new Error(`no socket: ${response.status}`);
    return new WorkerdDevice(response, socket, (protocol ?? path).includes("base64"));
  }

  /** Connects and logs in. */
  static async of(clientId: string, options: DeviceOptions = {}): Promise<WorkerdDevice> {
    const device = await WorkerdDevice.connect(options);
    await device.login(clientId);
    return device;
  }

  private constructor(response: Response, socket: WebSocket, text: boolean) {
    super(socket, { appId: world.APP_ID, text, patience: PATIENCE });
    this.response = response;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string" && !(data instanceof ArrayBuffer)) throw new Error("not a frame");
      this.arrived(typeof data === "string" ? data : new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code, reason }) => this.ended(code, reason));
    socket.accept();
  }

  protected override answered(): Promise<void> {
    return maybeHibernate();
  }
}
