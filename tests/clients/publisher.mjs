// A publisher's Socket.IO server, as its own library makes one: `node publisher.mjs RELEASE [PORT]`.
//
// It prints the port it listens on, and then each event that it is told, as a line of JSON. It speaks first, as
// such servers may: whoever tells it something has to bear that.

import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [release, port = "0"] = process.argv.slice(2);
const library = require(`socket.io-${release}`);
const http = createServer();
const io = release === "2" ? library(http) : new library.Server(http);

io.on("connection", (socket) => {
  socket.emit("WELCOME", { to: "whoever it may be" });
  if (release === "2") socket.binary(true).emit("WELCOME", Buffer.from([4, 2]));
  socket.on("CRYPTOTRANSFER", (told) => console.log(JSON.stringify(told)));
});
http.listen(Number(port), "127.0.0.1", () => console.log(http.address().port));
