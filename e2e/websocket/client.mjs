// A WebSocket client of the npm package ws. It sends what it reads, line by line, and prints what happens, as JSON.
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const say = (what) => console.log(JSON.stringify(what));
const socket = new WebSocket(process.env.TARGET, ['other', 'chat'], { headers: { Authorization: `Bearer ${process.env.TOKEN}` } });
socket.on('open', () => say({ open: socket.protocol }));
socket.on('message', (data, isBinary) => say({ message: data.toString(), binary: isBinary }));
socket.on('pong', () => say({ pong: true }));
socket.on('unexpected-response', (_, answer) => { say({ refused: answer.statusCode }); process.exit(0); });
socket.on('close', (code) => { say({ closed: code }); process.exit(0); });
socket.on('error', () => {}); // what follows it is said
createInterface({ input: process.stdin }).on('line', (line) => (line === 'ping' ? socket.ping() : socket.send(line)));
