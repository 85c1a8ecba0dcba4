import { createServer } from "node:http";
import { Server } from "socket.io";

/** The smallest chat: rooms, and messages that go to everybody else in the room and are acknowledged. */
const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  socket.on("join", (room, joined) => {
    socket.join(room);
    joined();
  });
  socket.on("message", (room, text, taken) => {
    socket.to(room).emit("message", text);
    taken();
  });
});

http.listen(Number(process.argv[2]), "127.0.0.1");
