//! The sessions with the relay: so many at most, each opened when it is first needed.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::session::{Reply, Session};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Pool {
    upstream: String,
    idle: Mutex<Vec<Session>>,
    permits: Semaphore,
}

/// What became of an envelope.
pub enum Transaction<'a> {
    /// The content may follow.
    Open(Lease<'a>),
    Refused(Reply),
}

/// A session for one message; dropped before its end, the session is closed.
pub struct Lease<'a> {
    pub session: Session,
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// The reply to the content, which has been written.
    pub async fn finish(mut self) -> io::Result<Reply> {
        let reply = self.session.reply().await?;
        self.give_back();
        Ok(reply)
    }

    fn give_back(self) {
        if self.session.usable {
            self.pool.idle.lock().unwrap().push(self.session);
        }
    }
}

impl Pool {
    pub fn new(upstream: String, size: usize) -> Self {
        Pool { upstream, idle: Mutex::new(Vec::with_capacity(size)), permits: Semaphore::new(size) }
    }

    /// Waits for a session, and opens a transaction. A kept session that fails is replaced: nothing of the message has
    /// been accepted yet.
    pub async fn begin(&self, from: &str, to: &[String]) -> io::Result<Transaction<'_>> {
        let permit = self.permits.acquire().await.expect("the pool is never closed");
        loop {
            let kept = self.idle.lock().unwrap().pop();
            let is_kept = kept.is_some();
            let mut session = match kept {
                Some(session) => session,
                None => timeout(CONNECT_TIMEOUT, Session::open(&self.upstream)).await??,
            };
            match session.begin(from, to).await {
                Ok(refusal) => {
                    let lease = Lease { session, pool: self, _permit: permit };
                    return Ok(match refusal {
                        None => Transaction::Open(lease),
                        Some(reply) => {
                            lease.give_back();
                            Transaction::Refused(reply)
                        }
                    });
                }
                Err(_) if is_kept => continue,
                Err(error) => return Err(error),
            }
        }
    }
}
