// A peer to measure Postern against: the gateway that Go's standard HTTP server and emersion/go-smtp make.
//
// POST /messages takes from, to, subject, text and attachments (in base64) as JSON, sends the message on a pooled session
// to UPSTREAM (host:port) and answers with the relay's reply. PORT is the loopback port to listen on, POOL the number of sessions.
//
// What was done so that the comparison is fair: connections to clients and to the relay are kept open, TCP_NODELAY is
// on for both (Go's default), a message's content leaves in one write, and a session that the relay has closed
// meanwhile is replaced and the message sent on the new one. go-smtp waits for each reply before the next command.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxBody bounds what one request may send.
const maxBody = 64 << 20

type attachment struct {
	Filename string `json:"filename"`
	// encoding/json decodes the base64.
	Content []byte `json:"content"`
}

type message struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`

	Attachments []attachment `json:"attachments"`
}

type answer struct {
	Status   string   `json:"status,omitempty"`
	Code     int      `json:"code,omitempty"`
	Text     string   `json:"text,omitempty"`
	Accepted []string `json:"accepted,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// pool hands out at most cap(idle) sessions; nil stands for one that is yet to be opened.
type pool struct {
	upstream string
	idle     chan *smtp.Client
}

func newPool(upstream string, size int) *pool {
	p := &pool{upstream: upstream, idle: make(chan *smtp.Client, size)}
	for i := 0; i < size; i++ {
		p.idle <- nil
	}
	return p
}

func (p *pool) open() (*smtp.Client, error) {
	conn, err := net.DialTimeout("tcp", p.upstream, 10*time.Second)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(p.upstream)
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	// The client's own buffer of 4 KB would split larger messages into many writes.
	client.Text.Writer.W = bufio.NewWriterSize(conn, 64<<10)
	if err := client.Hello("peer.example.org"); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// send delivers content on a session of the pool. A session that turns out to be closed before any content went out
// is replaced once.
func (p *pool) send(m *message, content []byte) error {
	client := <-p.idle
	defer func() { p.idle <- client }()
	fresh := false
	for {
		if client == nil {
			opened, err := p.open()
			if err != nil {
				return err
			}
			client, fresh = opened, true
		}
		contentSent, err := transact(client, m, content)
		if err == nil {
			return nil
		}
		var refused *smtp.SMTPError
		if errors.As(err, &refused) && refused.Code != 421 && client.Reset() == nil {
			return err
		}
		client.Close()
		client = nil
		if fresh || contentSent {
			return err
		}
	}
}

func transact(client *smtp.Client, m *message, content []byte) (contentSent bool, err error) {
	if err := client.Mail(m.From, nil); err != nil {
		return false, err
	}
	for _, recipient := range m.To {
		if err := client.Rcpt(recipient); err != nil {
			return false, err
		}
	}
	writer, err := client.Data()
	if err != nil {
		return false, err
	}
	if _, err := writer.Write(content); err != nil {
		return true, err
	}
	return true, writer.Close()
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func render(b *bytes.Buffer, m *message) {
	var id [12]byte
	rand.Read(id[:])
	b.WriteString("From: ")
	b.WriteString(m.From)
	b.WriteString("\r\nTo: ")
	b.WriteString(strings.Join(m.To, ", "))
	b.WriteString("\r\nSubject: ")
	b.WriteString(m.Subject)
	b.WriteString("\r\nDate: ")
	b.WriteString(time.Now().Format(time.RFC1123Z))
	b.WriteString("\r\nMessage-ID: <")
	b.WriteString(hex.EncodeToString(id[:]))
	b.WriteString("@peer.example.org>\r\nMIME-Version: 1.0\r\n")
	if len(m.Attachments) > 0 {
		renderParts(b, m)
		return
	}
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	b.WriteString(m.Text)
	b.WriteString("\r\n")
}

func renderParts(b *bytes.Buffer, m *message) {
	parts := multipart.NewWriter(b)
	b.WriteString("Content-Type: multipart/mixed; boundary=" + parts.Boundary() + "\r\n\r\n")
	text, _ := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"8bit"}})
	io.WriteString(text, m.Text)
	for _, a := range m.Attachments {
		part, _ := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type": {"application/octet-stream"}, "Content-Transfer-Encoding": {"base64"},
			"Content-Disposition": {"attachment; filename=" + strconv.Quote(a.Filename)}})
		// Room is made once, and each line is encoded where it stands.
		b.Grow(len(a.Content)/57*78 + 1024)
		var line [78]byte
		for content := a.Content; len(content) > 0; {
			n := 57
			if n > len(content) {
				n = len(content)
			}
			length := base64.StdEncoding.EncodedLen(n)
			base64.StdEncoding.Encode(line[:], content[:n])
			part.Write(append(line[:length], '\r', '\n'))
			content = content[n:]
		}
	}
	parts.Close()
}

func reply(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(a)
}

func valid(m *message) bool {
	if m.From == "" || len(m.To) == 0 {
		return false
	}
	for _, value := range append([]string{m.From, m.Subject}, m.To...) {
		if strings.ContainsAny(value, "\r\n\x00") {
			return false
		}
	}
	return true
}

func (p *pool) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		reply(w, http.StatusMethodNotAllowed, answer{Error: "POST only"})
		return
	}
	body := buffers.Get().(*bytes.Buffer)
	body.Reset()
	defer buffers.Put(body)
	if _, err := io.Copy(body, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		reply(w, http.StatusBadRequest, answer{Error: err.Error()})
		return
	}
	var m message
	if err := json.Unmarshal(body.Bytes(), &m); err != nil {
		reply(w, http.StatusBadRequest, answer{Error: err.Error()})
		return
	}
	if !valid(&m) {
		reply(w, http.StatusUnprocessableEntity, answer{Error: "from and to are needed, without line breaks"})
		return
	}
	content := buffers.Get().(*bytes.Buffer)
	content.Reset()
	defer buffers.Put(content)
	render(content, &m)
	if err := p.send(&m, content.Bytes()); err != nil {
		reply(w, http.StatusBadGateway, answer{Error: err.Error()})
		return
	}
	// go-smtp does not hand the text of the final reply to its caller.
	reply(w, http.StatusOK, answer{Status: "accepted", Code: 250, Text: "Ok", Accepted: m.To})
}

func main() {
	size, err := strconv.Atoi(os.Getenv("POOL"))
	if err != nil || size < 1 || os.Getenv("UPSTREAM") == "" || os.Getenv("PORT") == "" {
		log.Fatal("set UPSTREAM (host:port), PORT and POOL")
	}
	p := newPool(os.Getenv("UPSTREAM"), size)
	http.HandleFunc("/messages", p.handle)
	http.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
