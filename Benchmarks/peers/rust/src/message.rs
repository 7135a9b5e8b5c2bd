//! A message as a client gives it, and as it is sent.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use memchr::memchr_iter;
use serde::Deserialize;

pub const INVALID_ENVELOPE: &str = "from and to have to be addresses";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment<'a> {
    #[serde(borrow)]
    filename: Cow<'a, str>,
    /// Base64, which is checked and wrapped, and never decoded.
    #[serde(borrow)]
    content: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub from: Cow<'a, str>,
    pub to: Vec<String>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    attachments: Vec<Attachment<'a>>,
}

/// The length of a line of base64.
const LINE: usize = 76;

impl Message<'_> {
    /// Whether nothing in it could break out of its command or field.
    pub fn check(&self) -> Result<(), &'static str> {
        if !is_address(&self.from) || self.to.is_empty() || !self.to.iter().all(|one| is_address(one)) {
            return Err(INVALID_ENVELOPE);
        }
        if has_control(&self.subject) {
            return Err("subject has a control character");
        }
        for attachment in &self.attachments {
            if has_control(&attachment.filename) || attachment.filename.contains(&['"', '\\'][..]) {
                return Err("filename has a quote or a control character");
            }
            if !is_base64(attachment.content.as_bytes()) {
                return Err("content is not base64");
            }
        }
        Ok(())
    }

    /// The message, without the octets that SMTP adds.
    pub fn compose(&self, id: &str) -> Vec<u8> {
        let attached: usize = self.attachments.iter().map(|one| one.content.len() / LINE * (LINE + 2) + 512).sum();
        let mut out = String::with_capacity(self.text.len() + self.text.len() / 16 + attached + 512);
        out.push_str("From: ");
        out.push_str(&self.from);
        out.push_str("\r\nTo: ");
        for (number, recipient) in self.to.iter().enumerate() {
            // A recipient a line: no line gets too long.
            out.push_str(if number > 0 { ",\r\n " } else { "" });
            out.push_str(recipient);
        }
        out.push_str("\r\nSubject: ");
        out.push_str(&self.subject);
        out.push_str("\r\nDate: ");
        let date = httpdate::fmt_http_date(SystemTime::now());
        out.push_str(date.trim_end_matches("GMT"));
        out.push_str("+0000\r\nMessage-ID: ");
        out.push_str(id);
        out.push_str("\r\nMIME-Version: 1.0\r\n");
        if self.attachments.is_empty() {
            self.append_text(&mut out);
        } else {
            self.append_parts(&mut out);
        }
        out.into_bytes()
    }

    fn append_text(&self, out: &mut String) {
        out.push_str("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
        let mut begin = 0;
        for end in memchr_iter(b'\n', self.text.as_bytes()) {
            append_line(out, &self.text[begin..end]);
            begin = end + 1;
        }
        if begin < self.text.len() {
            append_line(out, &self.text[begin..]);
        }
    }

    fn append_parts(&self, out: &mut String) {
        let boundary = format!("part-{:016x}{:016x}", random(), random());
        let _ = write!(out, "Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n");
        self.append_text(out);
        for attachment in &self.attachments {
            let _ = write!(
                out, "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
                Content-Disposition: attachment; filename=\"{}\"\r\n\r\n", attachment.filename);
            let mut rest: &str = &attachment.content;
            while !rest.is_empty() {
                let (line, after) = rest.split_at(rest.len().min(LINE));
                append_line(out, line);
                rest = after;
            }
        }
        let _ = write!(out, "\r\n--{boundary}--\r\n");
    }
}

fn append_line(out: &mut String, line: &str) {
    out.push_str(line.strip_suffix('\r').unwrap_or(line));
    out.push_str("\r\n");
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|octet| octet < 32 || octet == 127)
}

/// Whether a text may stand between the angle brackets of a command.
pub fn is_address(text: &str) -> bool {
    text.contains('@') && text.bytes().all(|octet| octet > 32 && octet != 127 && octet != b'<' && octet != b'>')
}

fn is_base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take(2).take_while(|octet| **octet == b'=').count();
    text.len() % 4 == 0 && text[..text.len() - padding].iter().all(|octet| BASE64[*octet as usize])
}

/// Which octets are of the alphabet.
const BASE64: [bool; 256] = {
    let mut table = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        table[octet] = (octet as u8).is_ascii_alphanumeric() || octet as u8 == b'+' || octet as u8 == b'/';
        octet += 1;
    }
    table
};

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A Message-ID that no other message has.
pub fn new_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    thread_local!(static THREAD: u64 = random());
    let (thread, count) = (THREAD.with(|number| *number), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("<{thread:016x}{count:08x}@peer.example.org>")
}
