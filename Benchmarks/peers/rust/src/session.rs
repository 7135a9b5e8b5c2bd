//! A session with the relay, and what its lines look like.

use std::io;

use memchr::{memchr, memchr_iter, memmem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Reply {
    pub code: u16,
    /// The text of its last line.
    pub text: String,
}

impl Reply {
    fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }
}

const UNAVAILABLE: u16 = 421;
const GO_ON: u16 = 354;
/// More than this in one line is no reply.
const MAX_LINE: usize = 4096;

pub struct Session {
    stream: TcpStream,
    /// What was read; what is before `position` has been handled.
    input: Vec<u8>,
    position: usize,
    pipelining: bool,
    /// Whether another transaction may follow.
    pub usable: bool,
}

impl Session {
    pub async fn open(upstream: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(upstream).await?;
        stream.set_nodelay(true)?;
        let mut session =
            Session { stream, input: Vec::with_capacity(512), position: 0, pipelining: false, usable: true };
        session.expect_positive().await?;
        session.write(b"EHLO peer.example.org\r\n").await?;
        session.expect_positive().await?;
        Ok(session)
    }

    async fn expect_positive(&mut self) -> io::Result<()> {
        let reply = self.reply().await?;
        match reply.is_positive() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::Other, format!("{} {}", reply.code, reply.text))),
        }
    }

    /// Opens a transaction; None if the content may follow, or else the reply that refused it.
    pub async fn begin(&mut self, from: &str, to: &[String]) -> io::Result<Option<Reply>> {
        let mut commands = Vec::with_capacity(128 * (to.len() + 1));
        for part in ["MAIL FROM:<", from, ">\r\n"] {
            commands.extend_from_slice(part.as_bytes());
        }
        for recipient in to {
            for part in ["RCPT TO:<", recipient, ">\r\n"] {
                commands.extend_from_slice(part.as_bytes());
            }
        }
        commands.extend_from_slice(b"DATA\r\n");
        match self.pipelining {
            true => self.begin_at_once(&commands, to.len()).await,
            false => self.begin_step_by_step(&commands).await,
        }
    }

    async fn begin_at_once(&mut self, commands: &[u8], recipients: usize) -> io::Result<Option<Reply>> {
        self.write(commands).await?;
        let mut refusal = None;
        for _ in 0..recipients + 1 {
            let reply = self.envelope_reply().await?;
            if refusal.is_none() && !reply.is_positive() {
                refusal = Some(reply);
            }
        }
        let data = self.envelope_reply().await?;
        if refusal.is_some() {
            // Some recipients were accepted, and the relay waits for a content that is not to come: only an end of the
            // connection keeps it from those.
            self.usable = data.code != GO_ON && self.reset().await;
            return Ok(refusal);
        }
        Ok(self.refusal_of_data(data).await)
    }

    async fn begin_step_by_step(&mut self, commands: &[u8]) -> io::Result<Option<Reply>> {
        let (envelope, data) = commands.split_at(commands.len() - b"DATA\r\n".len());
        for command in envelope.split_inclusive(|octet| *octet == b'\n') {
            self.write(command).await?;
            let reply = self.envelope_reply().await?;
            if !reply.is_positive() {
                self.usable = self.reset().await;
                return Ok(Some(reply));
            }
        }
        self.write(data).await?;
        let reply = self.envelope_reply().await?;
        Ok(self.refusal_of_data(reply).await)
    }

    async fn refusal_of_data(&mut self, reply: Reply) -> Option<Reply> {
        if reply.code == GO_ON {
            return None;
        }
        self.usable = self.reset().await;
        Some(reply)
    }

    async fn reset(&mut self) -> bool {
        self.write(b"RSET\r\n").await.is_ok() && self.expect_positive().await.is_ok()
    }

    /// A reply before the content: 421 is the end of the session, and says nothing about the message.
    async fn envelope_reply(&mut self) -> io::Result<Reply> {
        let reply = self.reply().await?;
        match reply.code {
            UNAVAILABLE => Err(io::Error::new(io::ErrorKind::ConnectionAborted, format!("421 {}", reply.text))),
            _ => Ok(reply),
        }
    }

    pub async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets).await
    }

    /// The next reply. A keyword of EHLO's reply is noted, wherever it stands.
    pub async fn reply(&mut self) -> io::Result<Reply> {
        loop {
            let end = self.line_end().await?;
            let line = &self.input[self.position..end];
            self.position = end;
            let line = std::str::from_utf8(line).map_err(|_| invalid())?.trim_end();
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or_else(invalid)?;
            let text = line.get(4..).unwrap_or("");
            self.pipelining |= text == "PIPELINING";
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text: text.to_owned() });
            }
        }
    }

    /// Where the next line ends, in `input`.
    async fn line_end(&mut self) -> io::Result<usize> {
        loop {
            if let Some(length) = memchr(b'\n', &self.input[self.position..]) {
                return Ok(self.position + length + 1);
            }
            self.input.drain(..self.position);
            self.position = 0;
            if self.input.len() > MAX_LINE {
                return Err(invalid());
            }
            self.input.reserve(256);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the relay closed the connection"));
            }
        }
    }
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "this is no reply of SMTP")
}

/// A whole content with what SMTP adds: a full stop more on lines that begin with one, and the end.
pub fn finished(mut content: Vec<u8>) -> Vec<u8> {
    if memmem::find(&content, b"\r\n.").is_some() {
        let mut stuffing = Stuffing::new();
        content = stuffing.parts(&content).concat();
    }
    content.extend_from_slice(if content.ends_with(b"\r\n") { b".\r\n" } else { b"\r\n.\r\n" });
    content
}

/// Adds what SMTP adds to a content that comes in pieces.
pub struct Stuffing {
    /// The last two octets.
    last: [u8; 2],
}

impl Stuffing {
    pub fn new() -> Self {
        Stuffing { last: *b"\r\n" }
    }

    /// The parts of a piece: those after the first begin with a full stop that stands in the part before as well.
    pub fn parts<'a>(&mut self, piece: &'a [u8]) -> Vec<&'a [u8]> {
        let (mut parts, mut begin) = (Vec::new(), 0);
        for at in memchr_iter(b'.', piece) {
            let before = match at {
                0 => self.last,
                1 => [self.last[1], piece[0]],
                _ => [piece[at - 2], piece[at - 1]],
            };
            if before == *b"\r\n" {
                parts.push(&piece[begin..=at]);
                begin = at;
            }
        }
        parts.push(&piece[begin..]);
        self.last = match piece {
            [] => self.last,
            [only] => [self.last[1], *only],
            [.., one, two] => [*one, *two],
        };
        parts
    }

    pub fn end(&self) -> &'static [u8] {
        if self.last == *b"\r\n" { b".\r\n" } else { b"\r\n.\r\n" }
    }
}
