"""An engine that misbehaves as told: fake_engine.py PIDS PORT BEHAVIOUR. A file named by its pid in PIDS for each process.

    ready    answers /health with 200
    dies     says two lines and ends with code 3
    never    runs and never listens
    refuses  listens, and answers 503 for ever
    deaf     as never, and neither it nor its child heeds SIGTERM
All but `dies` have a child in a process group of its own, as engines with workers have.
"""
import os
import pathlib
import signal
import sys

pids, port, behaviour = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def serve():
    import http.server  # slow to import, and most behaviours never need it

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503 if behaviour == "refuses" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    http.server.HTTPServer(("127.0.0.1", port), Health).serve_forever()


def announce():
    (pids / str(os.getpid())).touch()


announce()
print("fake engine: loading", file=sys.stderr, flush=True)
if behaviour == "dies":
    print("fake engine: out of luck", file=sys.stderr, flush=True)
    sys.exit(3)
if behaviour == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
    announce()
    while True:
        signal.pause()
if behaviour in ("ready", "refuses"):
    serve()
while True:
    signal.pause()
