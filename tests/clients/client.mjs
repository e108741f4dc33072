// A client of the older payment server, as its own library makes one: `node client.mjs RELEASE URL TRANSPORTS`.
//
// What it is to send comes as lines of JSON: {"event", "text" or "binary" (base64), "ack"}, and what it hears is
// printed as such lines: {"heard", "said"}. A line {"event": …} that comes before it is connected is sent once it is,
// as the browser extension does.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const [release, url, transports] = process.argv.slice(2);
const library = require(`socket.io-client-${release}`);
const connect = library.io ?? library;
const EVENTS = ["CRYPTOTRANSFER", "CONTRACTCALL", "CRYPTOGETACCOUNTBALANCE", "TRANSACTIONGETRECEIPT", "FILEGETCONTENTS"];

const tell = (heard, said) => console.log(JSON.stringify({ heard, said: said ?? null }));

const socket = connect(url, {
  transports: transports.split(","),
  reconnectionDelay: 100,
  reconnectionDelayMax: 200,
  timeout: 10000,
  extraHeaders: { Origin: "chrome-extension://ligpaondaabclfigagcifobaelemiena" },
});

const transportOf = () => socket.io.engine.transport.name;
const watched = new WeakSet();
socket.on("connect", () => {
  tell("connect", transportOf());
  if (!watched.has(socket.io.engine)) {
    watched.add(socket.io.engine);
    socket.io.engine.on("upgrade", () => tell("upgrade", transportOf()));
  }
});
socket.on("disconnect", (reason) => tell("disconnect", reason));
socket.on("connect_error", (error) => tell("connect_error", String(error.message ?? error)));
socket.on("PAYMENTSERVERERROR", (said) => tell("PAYMENTSERVERERROR", said));
for (const event of EVENTS) {
  socket.on(`${event}_RESPONSE`, (said) => tell(`${event}_RESPONSE`, said));
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { event, text, binary, ack, close } = JSON.parse(line);
    if (close) return socket.close();
    const payload = binary === undefined ? text : Buffer.from(binary, "base64");
    if (ack) return socket.emit(event, payload, (said) => tell("ack", said));
    return socket.emit(event, payload);
  })
  .on("close", () => process.exit(0));
