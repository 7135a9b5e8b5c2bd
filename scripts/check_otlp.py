"""A collector on loopback that decodes OTLP over HTTP in JSON with opentelemetry-proto, and prints each span as a line of JSON.

usage: check_otlp.py [--port PORT] [--spans COUNT] [--seconds SECONDS]

Prints "listening on PORT" to standard error. Ends with 0 when COUNT spans have come, or at SIGTERM or SIGINT if no COUNT was
given; with 1 as soon as a request cannot be decoded, or if COUNT spans do not come within SECONDS (60).
Needs opentelemetry-proto (PyPI).
"""

import argparse
import base64
import json
import math
import os
import re
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDENTIFIERS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}
ENUMERATIONS = {"kind", "code"}


class Malformed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Malformed(what)


def as_protobuf_has_it(value):
    """OTLP differs from the JSON form of Protocol Buffers: identifiers are hexadecimal, and enumerations are numbers only.

    The parser also takes names with underscores, which OTLP does not."""
    if isinstance(value, list):
        return [as_protobuf_has_it(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for name, member in value.items():
        check("_" not in name, f"the name {name} is not in lowerCamelCase")
        if name in IDENTIFIERS:
            check(re.fullmatch(f"[0-9a-f]{{{IDENTIFIERS[name]}}}", member), f"{name} is {member!r}")
            check(set(member) != {"0"}, f"{name} is zero")
            member = base64.b64encode(bytes.fromhex(member)).decode()
        elif name in ENUMERATIONS:
            check(isinstance(member, int), f"{name} is {member!r}, which is no number")
        elif name.endswith("UnixNano"):
            check(isinstance(member, str), f"{name} is {member!r}, which is no string")
        else:
            member = as_protobuf_has_it(member)
        result[name] = member
    return result


def plain(value):
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    result = getattr(value, kind)
    # JSON has no numbers for these.
    return str(result) if isinstance(result, float) and not math.isfinite(result) else result


def attributes(pairs):
    names = [pair.key for pair in pairs]
    check(len(set(names)) == len(names), f"an attribute is there twice: {names}")
    return {pair.key: plain(pair.value) for pair in pairs}


def spans(body):
    request = json_format.Parse(json.dumps(as_protobuf_has_it(json.loads(body))), ExportTraceServiceRequest())
    # What was decoded is what a collector with the binary form would have.
    request = ExportTraceServiceRequest.FromString(request.SerializeToString())
    check(request.resource_spans, "there is no resource")
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                check(len(span.trace_id) == 16 and len(span.span_id) == 8, "a span has no identifiers")
                check(span.name, "a span has no name")
                check(0 < span.start_time_unix_nano <= span.end_time_unix_nano, "a span ends before it starts")
                yield {
                    "trace": span.trace_id.hex(), "span": span.span_id.hex(), "parent": span.parent_span_id.hex(),
                    "state": span.trace_state, "flags": span.flags, "name": span.name, "kind": span.kind,
                    "nanoseconds": span.end_time_unix_nano - span.start_time_unix_nano,
                    "attributes": attributes(span.attributes),
                    "events": [{"name": event.name, "attributes": attributes(event.attributes)} for event in span.events],
                    "links": [
                        {"trace": link.trace_id.hex(), "span": link.span_id.hex(), "attributes": attributes(link.attributes)}
                        for link in span.links],
                    "dropped": [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count],
                    "status": {"code": span.status.code, "message": span.status.message},
                    "resource": attributes(resource.resource.attributes),
                    "scope": {"name": scope.scope.name, "version": scope.scope.version},
                }


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    count = 0
    wanted = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with Collector.lock:
            try:
                check(self.headers.get_content_type() == "application/json", f"the type is {self.headers['content-type']}")
                check(self.path == "/v1/traces", f"the path is {self.path}")
                lines = [json.dumps(span, ensure_ascii=False) for span in spans(body)]
            except (Malformed, ValueError, TypeError, AttributeError, json_format.ParseError) as error:
                print(f"a request cannot be decoded: {error}\n{body[:2000]!r}", file=sys.stderr, flush=True)
                self.answer(400)
                os._exit(1)
            self.answer(200)
            for line in lines:
                print(line, flush=True)
            Collector.count += len(lines)
            if Collector.wanted is not None and Collector.count >= Collector.wanted:
                os._exit(0)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.wfile.flush()

    def log_message(self, *_):
        pass


def end(*_):
    os._exit(0 if Collector.wanted is None else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--spans", type=int)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    Collector.wanted = arguments.spans
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), Collector)
    print(f"listening on {server.server_port}", file=sys.stderr, flush=True)
    if arguments.spans is not None:
        def give_up():
            print(f"{Collector.count} of {arguments.spans} spans came", file=sys.stderr, flush=True)
            os._exit(1)
        timer = threading.Timer(arguments.seconds, give_up)
        timer.daemon = True
        timer.start()
    server.serve_forever()


main()
