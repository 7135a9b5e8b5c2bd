// Sends one message: java Send.java FROM TO SUBJECT, the text on standard input.

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

public class Send {
    /** The message was not sent, or its outcome is unknown. */
    @SuppressWarnings("serial")
    static class Failure extends Exception {
        final int exitCode;

        Failure(String text, int exitCode) {
            super(text);
            this.exitCode = exitCode;
        }
    }

    static Map<?, ?> send(String url, String key, Map<String, ?> message, int attempts)
            throws Failure, InterruptedException {
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        var builder = HttpRequest.newBuilder(URI.create(url + "/messages"))
            .header("Content-Type", "application/json")
            // One key for all attempts: the message is sent once.
            .header("Idempotency-Key", UUID.randomUUID().toString())
            // A relay may take its time over the last reply; the gateway waits for it.
            .timeout(Duration.ofSeconds(700))
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(message)));
        if (key != null) builder.header("X-API-Key", key);
        var request = builder.build();
        for (int attempt = 1; attempt <= attempts; attempt++) {
            long wait = attempt;
            String failure;
            try {
                var response = client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
                if (!(Json.read(response.body()) instanceof Map<?, ?> body)) throw new IOException("not a JSON object");
                if (response.statusCode() == 200) return body;
                failure = body.get("title") + ": " + body.get("detail");
                if ("unknown".equals(body.get("outcome"))) {
                    throw new Failure(
                        failure + "\nthe relay may have taken it: look there before sending it again", 2);
                }
                if (!Boolean.TRUE.equals(body.get("retryable"))) throw new Failure(failure, 1);
                wait = response.headers().firstValue("Retry-After").filter(value -> value.matches("\\d{1,9}"))
                    .map(Long::valueOf).orElse(wait);
            } catch (IOException error) {
                failure = "no answer: " + (error.getMessage() != null ? error.getMessage() : error);
            }
            System.err.println(failure);
            if (attempt < attempts) Thread.sleep(wait * 1000);
        }
        throw new Failure("given up after " + attempts + " attempts", 1);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: java Send.java FROM TO SUBJECT");
            System.exit(64);
        }
        var url = System.getenv().getOrDefault("POSTERN_URL", "http://127.0.0.1:8080");
        var message = new LinkedHashMap<String, Object>();
        message.put("from", arguments[0]);
        message.put("to", List.of(arguments[1]));
        message.put("subject", arguments[2]);
        message.put("text", new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        try {
            var result = send(url, System.getenv("POSTERN_API_KEY"), message, 5);
            System.out.println(result.get("status") + ": " + result.get("code") + " " + result.get("text"));
        } catch (Failure failure) {
            System.err.println(failure.getMessage());
            System.exit(failure.exitCode);
        }
    }

    /** The little of JSON that this needs, because Java's library has none. Yours is probably Jackson or Gson. */
    static class Json {
        private final String text;
        private int at = 0;

        private Json(String text) {
            this.text = text;
        }

        static String write(Object value) {
            var out = new StringBuilder();
            write(value, out);
            return out.toString();
        }

        private static void write(Object value, StringBuilder out) {
            var separator = "";
            if (value instanceof Map<?, ?> map) {
                out.append('{');
                for (var member : map.entrySet()) {
                    write(member.getKey(), out.append(separator));
                    write(member.getValue(), out.append(':'));
                    separator = ",";
                }
                out.append('}');
            } else if (value instanceof List<?> list) {
                out.append('[');
                for (var element : list) {
                    write(element, out.append(separator));
                    separator = ",";
                }
                out.append(']');
            } else if (value instanceof String string) {
                out.append('"');
                for (char c : string.toCharArray()) {
                    if (c == '"' || c == '\\') out.append('\\').append(c);
                    else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
                    else out.append(c);
                }
                out.append('"');
            } else {
                out.append(value);
            }
        }

        static Object read(String text) throws IOException {
            try {
                var reader = new Json(text);
                var value = reader.value();
                reader.space();
                if (reader.at < text.length()) throw new IOException("not a JSON document");
                return value;
            } catch (IndexOutOfBoundsException | NumberFormatException error) {
                throw new IOException("not a JSON document");
            }
        }

        private Object value() throws IOException {
            space();
            char first = text.charAt(at);
            if (first == '{') {
                var map = new LinkedHashMap<String, Object>();
                at++;
                for (space(); text.charAt(at) != '}'; space()) {
                    if (!map.isEmpty()) expect(",");
                    space();
                    var name = string();
                    space();
                    expect(":");
                    map.put(name, value());
                }
                at++;
                return map;
            }
            if (first == '[') {
                var list = new ArrayList<Object>();
                at++;
                for (space(); text.charAt(at) != ']'; space()) {
                    if (!list.isEmpty()) expect(",");
                    list.add(value());
                }
                at++;
                return list;
            }
            if (first == '"') return string();
            int start = at;
            while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) at++;
            var word = text.substring(start, at);
            if (word.equals("null")) return null;
            if (word.equals("true") || word.equals("false")) return Boolean.valueOf(word);
            if (word.matches("-?\\d{1,18}")) return Long.valueOf(word);
            return Double.valueOf(word);
        }

        private String string() throws IOException {
            expect("\"");
            var out = new StringBuilder();
            while (text.charAt(at) != '"') {
                char c = text.charAt(at++);
                if (c != '\\') {
                    out.append(c);
                    continue;
                }
                c = text.charAt(at++);
                int named = "bfnrt".indexOf(c);
                if (named >= 0) {
                    out.append("\b\f\n\r\t".charAt(named));
                } else if (c == 'u') {
                    out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    out.append(c);
                }
            }
            at++;
            return out.toString();
        }

        private void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        }

        private void expect(String word) throws IOException {
            if (!text.startsWith(word, at)) throw new IOException("not a JSON document");
            at += word.length();
        }
    }
}
