// A peer to measure Postern against: Node's http server and nodemailer with its pool, one process for each core.
//
// POST /messages takes from, to, subject, text and attachments (in base64) as JSON and answers with the relay's reply.
// UPSTREAM is the relay (host:port), PORT the loopback port to listen on, POOL the number of sessions of all processes.
//
// What was done so that the comparison is fair: connections and sessions are kept open without a bound on messages,
// TCP_NODELAY is on for both (nodemailer leaves it off, and then waits 40 ms for a delayed acknowledgement), and nobody
// looks at the size of a message. nodemailer opens a new session where the relay has closed one.
import cluster from 'node:cluster'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import { availableParallelism } from 'node:os'

// Where Debian puts it; a Node from elsewhere does not look there.
const nodemailer = createRequire(import.meta.url)('/usr/share/nodejs/nodemailer')

function transport(sessions) {
  const [host, port] = process.env.UPSTREAM.split(':')
  return nodemailer.createTransport({
    pool: true,
    host,
    port: Number(port),
    ignoreTLS: true,
    maxConnections: sessions,
    maxMessages: Infinity,
    getSocket(_, done) {
      const socket = net.connect({ host, port: Number(port), noDelay: true })
      socket.once('error', done)
      socket.once('connect', () => {
        socket.removeListener('error', done)
        done(null, { connection: socket })
      })
    },
  })
}

function reply(response, status, answer) {
  const body = JSON.stringify(answer)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

async function handle(mailer, body, response) {
  try {
    const { from, to, subject, text, attachments = [] } = JSON.parse(body)
    const info = await mailer.sendMail({
      from,
      to,
      subject,
      text,
      attachments: attachments.map(({ filename, content }) => ({ filename, content, encoding: 'base64' })),
    })
    reply(response, 200, { status: 'accepted', code: 250, text: info.response, accepted: info.accepted })
  } catch (error) {
    reply(response, error instanceof SyntaxError ? 400 : 502, { error: String(error) })
  }
}

function serve(sessions) {
  const mailer = transport(sessions)
  const server = http.createServer((request, response) => {
    if (request.url === '/livez') return response.end('ok\n')
    const pieces = []
    request.on('data', (piece) => pieces.push(piece))
    request.on('end', () => handle(mailer, Buffer.concat(pieces), response))
  })
  server.keepAliveTimeout = 60_000
  server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 })
}

const processes = availableParallelism()
if (cluster.isPrimary) {
  for (let i = 0; i < processes; i++) cluster.fork()
  process.on('SIGTERM', () => process.exit(0))
} else {
  serve(Math.max(1, Math.round(Number(process.env.POOL) / processes)))
}
