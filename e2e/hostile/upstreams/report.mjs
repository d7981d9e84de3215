// The reporting upstream in Node: internal/edge/edgetest/report.go says what it reports. It prints
// the port for requests and the port at which the reports are taken.
import http from 'node:http';

let reports = [];

function pairs(list) {
  const all = [];
  for (let i = 0; i < list.length; i += 2) all.push(list.slice(i, i + 2));
  return all;
}

function report(request) {
  const made = { method: request.method, target: request.url, path: '', query: '', headers: pairs(request.rawHeaders), body: '' };
  try {
    const url = new URL(request.url, 'http://upstream');
    made.path = decodeURIComponent(url.pathname);
    made.query = url.search.slice(1);
  } catch (error) {
    made.path = `(${error.message})`;
  }
  return made;
}

const upstream = http.createServer((request, response) => {
  const made = report(request);
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    made.body = Buffer.concat(parts).toString('latin1');
    made.headers.push(...pairs(request.rawTrailers));
    reports.push(made);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(made));
  });
  request.on('close', () => {
    if (!request.complete) reports.push({ ...made, broken: 'the body broke off' });
  });
  request.on('error', () => {}); // it closes as well
});
upstream.on('clientError', (error, socket) => {
  // A connection that ends within a head is none of a request, and a body that ends is told above.
  if (error.code?.startsWith('HPE_') && error.code !== 'HPE_INVALID_EOF_STATE') reports.push({ malformed: true, broken: error.code });
  socket.destroy();
});
upstream.keepAliveTimeout = 0;

const control = http.createServer((request, response) => {
  response.end(JSON.stringify(reports));
  reports = [];
});

upstream.listen(0, '127.0.0.1', () => control.listen(0, '127.0.0.1', () => {
  console.log(upstream.address().port, control.address().port);
}));
process.stdin.on('end', () => process.exit()).resume();
