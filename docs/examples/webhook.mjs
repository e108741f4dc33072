// Receives webhooks: each event is verified, and dealt with once, however often it comes.
//
//   WEBHOOK_SECRET=whsec_… node webhook.mjs 8421
//
// It listens on loopback: a web server in front of it brings TLS. `npm install standardwebhooks`.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const dealtWith = new Set(); // yours is a table in your database, with the event's id as its key

// What you do about it. What you write down belongs in the same transaction as the event's id.
function dealWith(event) {
  console.log(event.type, event.invoice_id);
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString(); // the very bytes: they are signed
  let event;
  try {
    event = webhook.verify(body, request.headers);
  } catch {
    response.writeHead(401).end();
    return;
  }
  if (!dealtWith.has(event.id)) dealWith(event);
  dealtWith.add(event.id);
  response.writeHead(204).end();
});

server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
