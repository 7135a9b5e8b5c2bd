//! A peer to measure Postern against: a lean gateway of hyper, tokio and serde_json, with an SMTP client of its own.
//!
//! POST /messages takes from, to, subject, text and attachments (in base64) as JSON, sends the message on a pooled session to
//! UPSTREAM (host:port) and answers with the relay's reply; with ?dry_run=true it answers with the message instead. A body of
//! message/rfc822 is passed on as it comes, from and to being in the query. POST /messages/batch takes an array of messages and
//! sends them side by side. PORT is the loopback port to listen on, POOL the number of sessions.
//!
//! What was done so that the comparison is fair: connections to clients and to the relay are kept open, TCP_NODELAY is on for
//! both, the envelope leaves in one write if the relay offers PIPELINING, the content in another, and a session that the relay
//! has closed meanwhile is replaced. Nothing is copied or decoded that need not be. A line is logged for each message, in one
//! write. There is a thread for every two cores, as in Postern, each with a runtime and sessions of its own: a message stays on
//! one thread, which costs a sixth less CPU than tokio's runtime of many threads. Missing, as in a program for one purpose: TLS,
//! limits, metrics, and timeouts other than that of a new connection.

mod message;
mod pool;
mod session;

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use futures_util::future::join_all;
use hyper::body::{Bytes, HttpBody};
use hyper::header::{HeaderValue, CONNECTION, CONTENT_TYPE};
use hyper::server::conn::AddrIncoming;
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Method, Request, Response, Server, StatusCode};
use serde::Serialize;
use tokio::net::TcpSocket;

use message::Message;
use pool::{Pool, Transaction};
use session::{Reply, Stuffing};

const MAX_BODY: usize = 64 << 20;
const BACKLOG: u32 = 4096;

/// What a client is told of a message.
#[derive(Default, Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Answer {
    fn error(text: impl ToString) -> Self {
        Answer { error: Some(text.to_string()), ..Answer::default() }
    }

    /// The relay's last word on a message.
    fn of(reply: Reply, id: Option<String>) -> (StatusCode, Self) {
        let (status, word) = match reply.code / 100 {
            2 => (StatusCode::OK, "accepted"),
            4 => (StatusCode::SERVICE_UNAVAILABLE, "refused"),
            _ => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
        };
        (status, Answer { id, status: Some(word), code: Some(reply.code), text: Some(reply.text), ..Answer::default() })
    }

    fn failure(error: io::Error) -> (StatusCode, Self) {
        (StatusCode::BAD_GATEWAY, Answer::error(error))
    }
}

/// Writes a line of the log.
fn log(id: &str, recipients: usize, answer: &Answer) {
    let line = format!(
        "{{\"level\":\"info\",\"message\":\"{}\",\"id\":\"{id}\",\"recipients\":{recipients},\"code\":{}}}\n",
        answer.status.unwrap_or("failed"), answer.code.unwrap_or(0));
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Composes a message, sends it, and says what became of it.
async fn deliver(pool: &Pool, message: &Message<'_>, dry_run: bool) -> (StatusCode, Answer) {
    if let Err(error) = message.check() {
        return (StatusCode::UNPROCESSABLE_ENTITY, Answer::error(error));
    }
    let id = message::new_id();
    let composed = message.compose(&id);
    if dry_run {
        // What was composed of text is text.
        let message = Some(String::from_utf8_lossy(&composed).into_owned());
        return (StatusCode::OK, Answer { id: Some(id), status: Some("composed"), message, ..Answer::default() });
    }
    let sent = async {
        match pool.begin(&message.from, &message.to).await? {
            Transaction::Refused(reply) => Ok(reply),
            Transaction::Open(mut lease) => {
                lease.session.write(&session::finished(composed)).await?;
                lease.finish().await
            }
        }
    };
    let sent: io::Result<Reply> = sent.await;
    let (status, answer) = match sent {
        Ok(reply) => Answer::of(reply, Some(id.clone())),
        Err(error) => Answer::failure(error),
    };
    log(&id, message.to.len(), &answer);
    (status, answer)
}

/// Copies the body into the session as it comes.
async fn pass_on(pool: &Pool, request: Request<Body>) -> (StatusCode, Answer) {
    let (from, to) = match envelope(request.uri().query().unwrap_or("")) {
        Some(envelope) => envelope,
        None => return (StatusCode::UNPROCESSABLE_ENTITY, Answer::error(message::INVALID_ENVELOPE)),
    };
    let mut body = request.into_body();
    let sent = async {
        let mut lease = match pool.begin(&from, &to).await? {
            Transaction::Refused(reply) => return Ok(reply),
            Transaction::Open(lease) => lease,
        };
        let mut stuffing = Stuffing::new();
        while let Some(piece) = body.data().await {
            let piece = piece.map_err(|error| io::Error::new(io::ErrorKind::UnexpectedEof, error))?;
            for part in stuffing.parts(&piece) {
                lease.session.write(part).await?;
            }
        }
        lease.session.write(stuffing.end()).await?;
        lease.finish().await
    };
    let sent: io::Result<Reply> = sent.await;
    let (status, answer) = sent.map_or_else(Answer::failure, |reply| Answer::of(reply, None));
    log("", to.len(), &answer);
    (status, answer)
}

/// The reverse-path and the recipients of a query, none of which needs percent-encoding.
fn envelope(query: &str) -> Option<(String, Vec<String>)> {
    let values = |name: &'static str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).filter(move |pair| pair.0 == name).map(|pair| pair.1)
    };
    let from = values("from").next()?;
    let to: Vec<String> = values("to").map(str::to_owned).collect();
    let valid = message::is_address(from) && !to.is_empty() && to.iter().all(|one| message::is_address(one));
    valid.then(|| (from.to_owned(), to))
}

/// The whole body, which is not copied if it came in one piece.
async fn read(mut body: Body) -> Result<Bytes, (StatusCode, Answer)> {
    let unreadable = |error: hyper::Error| (StatusCode::BAD_REQUEST, Answer::error(error));
    let too_large = || (StatusCode::PAYLOAD_TOO_LARGE, Answer::error("the body is too large"));
    let expected = body.size_hint().lower() as usize;
    if expected > MAX_BODY {
        return Err(too_large());
    }
    let first = body.data().await.transpose().map_err(unreadable)?.unwrap_or_default();
    if body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = Vec::with_capacity(expected.max(first.len()));
    whole.extend_from_slice(&first);
    while let Some(piece) = body.data().await.transpose().map_err(unreadable)? {
        if whole.len() + piece.len() > MAX_BODY {
            return Err(too_large());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

async fn one(pool: &Pool, body: Body, dry_run: bool) -> (StatusCode, Answer) {
    let body = match read(body).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    match serde_json::from_slice::<Message>(&body) {
        Ok(message) => deliver(pool, &message, dry_run).await,
        Err(error) => (StatusCode::BAD_REQUEST, Answer::error(error)),
    }
}

#[derive(Serialize)]
struct Answers {
    results: Vec<Answer>,
}

async fn batch(pool: &Pool, body: Body) -> Response<Body> {
    let body = match read(body).await {
        Ok(body) => body,
        Err((status, answer)) => return respond(status, &answer),
    };
    match serde_json::from_slice::<Vec<Message>>(&body) {
        Ok(messages) => {
            let sent = join_all(messages.iter().map(|message| deliver(pool, message, false))).await;
            respond(StatusCode::OK, &Answers { results: sent.into_iter().map(|(_, answer)| answer).collect() })
        }
        Err(error) => respond(StatusCode::BAD_REQUEST, &Answer::error(error)),
    }
}

fn respond(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let body = serde_json::to_vec(value).expect("an answer is JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn handle(pool: Arc<Pool>, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    // hyper ends such a connection, and does not say so.
    let is_last = request.headers().get(CONNECTION).map_or(false, |value| value.as_bytes().eq_ignore_ascii_case(b"close"));
    let mut response = answer(&pool, request).await;
    if is_last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

async fn answer(pool: &Pool, request: Request<Body>) -> Response<Body> {
    let (status, answer) = match (request.method(), request.uri().path()) {
        (&Method::POST, "/messages") if is_raw(&request) => pass_on(pool, request).await,
        (&Method::POST, "/messages") => {
            let dry_run = request.uri().query() == Some("dry_run=true");
            one(pool, request.into_body(), dry_run).await
        }
        (&Method::POST, "/messages/batch") => return batch(pool, request.into_body()).await,
        (&Method::GET | &Method::HEAD, "/livez") => return Response::new(Body::from("ok\n")),
        _ => (StatusCode::NOT_FOUND, Answer::error("no such endpoint")),
    };
    respond(status, &answer)
}

fn is_raw(request: &Request<Body>) -> bool {
    request.headers().get(CONTENT_TYPE).map_or(false, |value| value == "message/rfc822")
}

fn setting<T: std::str::FromStr>(name: &str) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        eprintln!("set UPSTREAM (host:port), PORT and POOL: {name} is missing or wrong");
        std::process::exit(1)
    })
}

/// Serves one thread's share of the connections, which the kernel gives out.
async fn serve(pool: Arc<Pool>, address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    let mut connections = AddrIncoming::from_listener(socket.listen(BACKLOG)?)?;
    connections.set_nodelay(true);
    let service = make_service_fn(move |_| {
        let pool = pool.clone();
        async { Ok::<_, Infallible>(service_fn(move |request| handle(pool.clone(), request))) }
    });
    Ok(Server::builder(connections).http1_only(true).serve(service).await?)
}

fn run(pool: Pool, address: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Err(error) = runtime.block_on(serve(Arc::new(pool), address)) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn main() {
    let (upstream, sessions): (String, usize) = (setting("UPSTREAM"), setting("POOL"));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, setting("PORT")));
    let threads = thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
    let pool = || Pool::new(upstream.clone(), (sessions / threads).max(1));
    for _ in 1..threads {
        let pool = pool();
        thread::spawn(move || run(pool, address));
    }
    run(pool(), address);
}
