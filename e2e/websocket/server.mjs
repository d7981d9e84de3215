// A WebSocket server of the npm package ws, which says everything back. Runs until its input ends.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const http = createServer((_, answer) => answer.writeHead(404).end());
const sockets = new WebSocketServer({ server: http, perMessageDeflate: true, handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false) });
sockets.on('connection', (socket, request) => {
  socket.send(JSON.stringify({ principal: request.headers['leastkey-principal'], authorization: request.headers.authorization, key: request.headers['x-api-key'] }));
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
process.stdin.resume().on('end', () => process.exit(0));
