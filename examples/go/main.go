// Sends one message: go run main.go FROM TO SUBJECT, the text on standard input.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

type message struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
}

type answer struct {
	// Of an accepted message.
	Status json.RawMessage `json:"status"`
	Code   int             `json:"code"`
	Text   string          `json:"text"`
	// Of a problem.
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Retryable bool   `json:"retryable"`
	Outcome   string `json:"outcome"`
}

var errUnknown = errors.New("the relay may have taken it: look there before sending it again")

func send(client *http.Client, url, key string, m message, attempts int) (*answer, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	// One key for all attempts: the message goes out once.
	once := rand16()
	for attempt := 1; attempt <= attempts; attempt++ {
		wait := time.Duration(attempt) * time.Second
		status, header, a, err := post(client, url, key, once, body)
		switch {
		case err != nil:
			fmt.Fprintln(os.Stderr, "no answer:", err)
		case status == http.StatusOK:
			return a, nil
		case a.Outcome == "unknown":
			return nil, fmt.Errorf("%s: %s\n%w", a.Title, a.Detail, errUnknown)
		case !a.Retryable:
			return nil, fmt.Errorf("%s: %s", a.Title, a.Detail)
		default:
			fmt.Fprintf(os.Stderr, "%s: %s\n", a.Title, a.Detail)
			if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil {
				wait = time.Duration(seconds) * time.Second
			}
		}
		if attempt < attempts {
			time.Sleep(wait)
		}
	}
	return nil, fmt.Errorf("given up after %d attempts", attempts)
}

func post(client *http.Client, url, key, once string, body []byte) (int, http.Header, *answer, error) {
	request, err := http.NewRequest(http.MethodPost, url+"/messages", bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", once)
	if key != "" {
		request.Header.Set("X-API-Key", key)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	var a answer
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		return 0, nil, nil, err
	}
	return response.StatusCode, response.Header, &a, nil
}

func rand16() string {
	octets := make([]byte, 16)
	if _, err := rand.Read(octets); err != nil {
		panic(err)
	}
	return fmt.Sprintf("%x", octets)
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: send FROM TO SUBJECT")
		os.Exit(64)
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	url := os.Getenv("POSTERN_URL")
	if url == "" {
		url = "http://127.0.0.1:8080"
	}
	m := message{From: os.Args[1], To: []string{os.Args[2]}, Subject: os.Args[3], Text: string(text)}
	// A relay may take its time over the last reply; the gateway waits for it.
	a, err := send(&http.Client{Timeout: 700 * time.Second}, url, os.Getenv("POSTERN_API_KEY"), m, 5)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errUnknown) {
			os.Exit(2)
		}
		os.Exit(1)
	}
	fmt.Printf("%s: %d %s\n", bytes.Trim(a.Status, `"`), a.Code, a.Text)
}
