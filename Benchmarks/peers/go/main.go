// A peer to measure Postern against: the gateway that Go's standard HTTP server and emersion/go-smtp make.
//
// POST /messages takes from, to, subject, text and attachments (in base64) as JSON, sends the message on a pooled session
// to UPSTREAM (host:port) and answers with the relay's reply; with ?dry_run=true it answers with the message instead.
// A body of message/rfc822 is passed on as it comes, from and to being in the query. POST /messages/batch takes an array
// of messages and sends them side by side.
//
// PORT is the loopback port to listen on, POOL the number of sessions. CERTIFICATE and KEY turn HTTPS on; with
// UPSTREAM_CA the relay speaks TLS from the first octet, and is checked against that certificate.
//
// What was done so that the comparison is fair: connections to clients and to the relay are kept open, TCP_NODELAY is
// on for both (Go's default), a message's content leaves in one write, and a session that the relay has closed
// meanwhile is replaced and the message sent on the new one. go-smtp waits for each reply before the next command.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
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
	Message  string   `json:"message,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// pool hands out at most cap(idle) sessions; nil stands for one that is yet to be opened.
type pool struct {
	upstream string
	tls      *tls.Config
	idle     chan *smtp.Client
}

func newPool(upstream string, tls *tls.Config, size int) *pool {
	p := &pool{upstream: upstream, tls: tls, idle: make(chan *smtp.Client, size)}
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
	if p.tls != nil {
		conn = tls.Client(conn, p.tls)
	}
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

// content writes a message; begun says whether any of it has gone out.
type content func(w io.Writer) (begun bool, err error)

func contentOf(b *bytes.Buffer) content {
	return func(w io.Writer) (bool, error) {
		_, err := w.Write(b.Bytes())
		return true, err
	}
}

// send delivers a message on a session of the pool. A session that turns out to be closed before any content went out
// is replaced once.
func (p *pool) send(from string, to []string, write content) error {
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
		contentSent, err := transact(client, from, to, write)
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

func transact(client *smtp.Client, from string, to []string, write content) (contentSent bool, err error) {
	if err := client.Mail(from, nil); err != nil {
		return false, err
	}
	for _, recipient := range to {
		if err := client.Rcpt(recipient); err != nil {
			return false, err
		}
	}
	writer, err := client.Data()
	if err != nil {
		return false, err
	}
	if begun, err := write(writer); err != nil {
		return begun, err
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

// deliver composes a message, sends it, and says what became of it.
func (p *pool) deliver(m *message, dryRun bool) (int, answer) {
	if !valid(m) {
		return http.StatusUnprocessableEntity, answer{Error: "from and to are needed, without line breaks"}
	}
	composed := buffers.Get().(*bytes.Buffer)
	composed.Reset()
	defer buffers.Put(composed)
	render(composed, m)
	if dryRun {
		return http.StatusOK, answer{Status: "composed", Message: composed.String()}
	}
	if err := p.send(m.From, m.To, contentOf(composed)); err != nil {
		return http.StatusBadGateway, answer{Error: err.Error()}
	}
	// go-smtp does not hand the text of the final reply to its caller.
	return http.StatusOK, answer{Status: "accepted", Code: 250, Text: "Ok", Accepted: m.To}
}

// read decodes a body of JSON; false once the client has been told what is wrong with it.
func read(w http.ResponseWriter, r *http.Request, value any) bool {
	body := buffers.Get().(*bytes.Buffer)
	body.Reset()
	defer buffers.Put(body)
	_, err := io.Copy(body, http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body.Bytes(), value)
	}
	if err != nil {
		reply(w, http.StatusBadRequest, answer{Error: err.Error()})
	}
	return err == nil
}

func (p *pool) handle(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") == "message/rfc822" {
		p.handleRaw(w, r)
		return
	}
	var m message
	if !read(w, r, &m) {
		return
	}
	status, a := p.deliver(&m, r.URL.RawQuery == "dry_run=true")
	reply(w, status, a)
}

// handleRaw copies the body into the session as it comes.
func (p *pool) handleRaw(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	err := p.send(query.Get("from"), query["to"], func(to io.Writer) (bool, error) {
		copied, err := io.CopyBuffer(to, r.Body, make([]byte, 256<<10))
		return copied > 0, err
	})
	if err != nil {
		reply(w, http.StatusBadGateway, answer{Error: err.Error()})
		return
	}
	reply(w, http.StatusOK, answer{Status: "accepted", Code: 250, Text: "Ok", Accepted: query["to"]})
}

func (p *pool) handleBatch(w http.ResponseWriter, r *http.Request) {
	var messages []message
	if !read(w, r, &messages) {
		return
	}
	answers := make([]answer, len(messages))
	var all sync.WaitGroup
	for i := range messages {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			_, answers[i] = p.deliver(&messages[i], false)
		}(i)
	}
	all.Wait()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string][]answer{"results": answers})
}

// relayTLS is nil where the relay speaks no TLS.
func relayTLS() *tls.Config {
	file := os.Getenv("UPSTREAM_CA")
	if file == "" {
		return nil
	}
	certificate, err := os.ReadFile(file)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(certificate) {
		log.Fatalf("no certificate in %s", file)
	}
	host, _, _ := net.SplitHostPort(os.Getenv("UPSTREAM"))
	return &tls.Config{RootCAs: roots, ServerName: host}
}

func main() {
	size, err := strconv.Atoi(os.Getenv("POOL"))
	if err != nil || size < 1 || os.Getenv("UPSTREAM") == "" || os.Getenv("PORT") == "" {
		log.Fatal("set UPSTREAM (host:port), PORT and POOL")
	}
	p := newPool(os.Getenv("UPSTREAM"), relayTLS(), size)
	http.HandleFunc("/messages", p.handle)
	http.HandleFunc("/messages/batch", p.handleBatch)
	http.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	address := "127.0.0.1:" + os.Getenv("PORT")
	if os.Getenv("CERTIFICATE") != "" {
		log.Fatal(http.ListenAndServeTLS(address, os.Getenv("CERTIFICATE"), os.Getenv("KEY"), nil))
	}
	log.Fatal(http.ListenAndServe(address, nil))
}
