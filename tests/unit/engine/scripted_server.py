#!/usr/bin/env python3
"""An inference server that behaves exactly as badly as a test needs. Loopback only."""

import argparse
import json
import os
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--reuseport", action="store_true", help="bind with SO_REUSEPORT, as vLLM does")
    parser.add_argument("--listen-when", metavar="FILE", help="bind now, listen once FILE exists")
    parser.add_argument("--unready", type=int, default=0, help="answer 503 to that many questions; -1: to all")
    parser.add_argument("--no-model", action="store_true", help="/v1/models lists nothing")
    parser.add_argument("--no-completions", action="store_true")
    parser.add_argument("--say", action="append", default=[], help="a line to write first; @N stands for N lines")
    parser.add_argument("--exit", type=int, help="end with this code instead of serving")
    parser.add_argument("--grandchild", metavar="FILE", help="leave a process in a session of its own; its pid goes to FILE")
    parser.add_argument("--child-listens", action="store_true", help="a forked child serves, the parent only waits")
    parser.add_argument("--ignore-term", action="store_true")
    return parser.parse_args()


def await_file(path):
    while not os.path.exists(path):
        time.sleep(0.005)


def leave_grandchild(path):
    middle = os.fork()
    if middle != 0:
        os.waitpid(middle, 0)
        return
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(path + ".new", "w") as out:
        out.write(str(os.getpid()))
    os.rename(path + ".new", path)
    while True:
        signal.pause()


def bound_socket(args):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if args.reuseport:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", args.port))
    print("bound", flush=True)
    return sock


def handler(args):
    class Handler(BaseHTTPRequestHandler):
        unready = args.unready

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            if Handler.unready != 0:
                Handler.unready -= 1
                self.answer(503, {"error": "loading"})
            elif self.path == "/health":
                self.answer(200, {"status": "ok"})
            elif self.path == "/v1/models":
                self.answer(200, {"data": [] if args.no_model else [{"id": "scripted"}]})
            else:
                self.answer(404, {})

        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if args.no_completions or self.path != "/v1/completions":
                self.answer(404, {})
            elif question["model"] != "scripted" or question["max_tokens"] != 1:
                self.answer(400, {"error": "a wrong question"})
            else:
                self.answer(200, {"choices": [{"text": " world"}]})

        def log_message(self, *_):
            pass

    return Handler


def main():
    args = arguments()
    if args.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in args.say:
        if line.startswith("@"):
            sys.stdout.write("".join(f"line {i}\n" for i in range(int(line[1:]))))
        else:
            print(line, flush=True)
    sys.stdout.flush()
    if args.grandchild:
        leave_grandchild(args.grandchild)
        await_file(args.grandchild)
    if args.exit is not None:
        sys.exit(args.exit)
    if args.child_listens and os.fork() != 0:
        os.wait()
        sys.exit(0)
    sock = bound_socket(args)
    if args.listen_when:
        await_file(args.listen_when)
    server = HTTPServer(("127.0.0.1", args.port), handler(args), bind_and_activate=False)
    server.socket.close()
    server.socket = sock
    server.server_activate()
    print("listening", flush=True)
    server.serve_forever()


main()
