"""`mpcctl verify` fetching collateral: from a PCCS on loopback that behaves, and from many that do not.

usage: collateral_fetch.py BUILD_DIR
"""

import base64
import concurrent.futures
import http.server
import json
import os
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import suite

MPCCTL = os.path.join(sys.argv[1], "bin", "mpcctl")
PCK_CRL = "/sgx/certification/v4/pckcrl"
ROOT_CRL = "/sgx/certification/v4/rootcacrl"
TCB = "/tdx/certification/v4/tcb"
QE = "/tdx/certification/v4/qe/identity"
WORK = tempfile.TemporaryDirectory()


def work(*names):
    return os.path.join(WORK.name, *names)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def evidence(name):
    """A simulated node's files; made once."""
    directory = work(name)
    if not os.path.isdir(directory):
        done = run(MPCCTL, "sim", "evidence", "--output", directory)
        assert done.returncode == 0, done.stderr
    return directory


def collateral_of(directory):
    with open(os.path.join(directory, "collateral.json"), encoding="utf-8") as file:
        return json.load(file)


def answers(name="node"):
    """What a PCCS answers about that node's platform: path -> (status, headers, body)."""
    collateral = collateral_of(evidence(name))

    def signed(member, text):
        return '{"%s":%s,"signature":"%s"}' % (member, collateral[text], collateral[text + "_signature"])

    def chain(header, of):
        return {header: urllib.parse.quote(collateral[of + "_issuer_chain"], safe="")}

    return {
        PCK_CRL: (200, chain("SGX-PCK-CRL-Issuer-Chain", "pck_crl"), bytes.fromhex(collateral["pck_crl"])),
        ROOT_CRL: (200, {"Content-Type": "application/pkix-crl"}, collateral["root_ca_crl"].encode()),
        TCB: (200, chain("TCB-Info-Issuer-Chain", "tcb_info"), signed("tcbInfo", "tcb_info").encode()),
        QE: (200, chain("SGX-Enclave-Identity-Issuer-Chain", "qe_identity"),
             signed("enclaveIdentity", "qe_identity").encode()),
    }


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        answer = self.server.answers.get(self.path.partition("?")[0], (404, {}, b"not here"))
        if callable(answer):
            answer(self)
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients that go away in the middle are what is tested."""


class Pccs:
    """A service with these answers, gone at the end of the `with`; with a certificate it speaks TLS."""

    def __init__(self, served, certificate=None):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.answers = served
        self.server.requests = []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate + ".pem", certificate + ".key")
            # The handshake belongs to the connection's thread: a client that refuses must not hold up the others.
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.url = "%s://127.0.0.1:%d" % ("https" if certificate else "http", self.server.server_port)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.requests = self.server.requests

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def authority():
    """Paths of a CA and, without their endings, of two server certificates that it issued: for 127.0.0.1, and for
    another name."""
    ca = work("ca.pem")
    if not os.path.exists(ca):
        make_certificate("ca")
        signed = ["-CA", ca, "-CAkey", work("ca.key"), "-addext", "basicConstraints=critical,CA:FALSE"]
        make_certificate("right", *signed, "-addext", "subjectAltName=IP:127.0.0.1")
        make_certificate("wrong", *signed, "-addext", "subjectAltName=DNS:pccs.example")
    return ca, work("right"), work("wrong")


def make_certificate(name, *options):
    done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-days", "2", "-subj", "/CN=" + name, "-keyout", work(name + ".key"), "-out", work(name + ".pem"), *options)
    assert done.returncode == 0, done.stderr


def verify(*options, cache=None, name="node"):
    """The command's end; without a cache of its own it gets an empty one."""
    directory = evidence(name)
    with tempfile.TemporaryDirectory() as empty:
        return run(MPCCTL, "verify", "--quote", os.path.join(directory, "quote.bin"), "--platform-only", "--json",
                   "--allow-simulated", os.path.join(directory, "root.pem"), "--cache", cache or empty, *options)


def trusted(*options, **more):
    done = verify(*options, **more)
    assert done.returncode == 0, (done.returncode, done.stderr)
    assert json.loads(done.stdout)["verdict"] == "trusted"
    return done


def refused(*options, code=4, **more):
    """The one line of cause of a command that ends with that code; a line of remedy follows it."""
    done = verify(*options, **more)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == "", done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and lines[0].startswith("mpcctl: ") and lines[1].startswith("remedy: "), done.stderr
    return lines[0]


def refused_when(path, answer):
    """The cause when this is one of an otherwise good service's answers."""
    with Pccs({**answers(), path: answer}) as pccs:
        cause = refused("--pccs", pccs.url)
        assert pccs.url in cause, cause
        return cause


def collateral_is_fetched_and_trusted():
    with Pccs(answers()) as pccs:
        trusted("--pccs", pccs.url)
        assert [path.partition("?")[0] for path in pccs.requests] == [PCK_CRL, ROOT_CRL, TCB, QE], pccs.requests
        trusted("--pccs", pccs.url + "/sgx/certification/v4/")


def crls_come_in_three_forms():
    collateral = collateral_of(evidence("node"))
    for path, member in ((PCK_CRL, "pck_crl"), (ROOT_CRL, "root_ca_crl")):
        der = bytes.fromhex(collateral[member])
        pem = b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(der) + b"-----END X509 CRL-----\n"
        for body in (der, collateral[member].upper().encode(), pem):
            good = answers()
            good[path] = (200, good[path][1], body)
            with Pccs(good) as pccs:
                trusted("--pccs", pccs.url)


def tls_needs_the_right_authority_and_the_right_name():
    ca, right, wrong = authority()
    with Pccs(answers(), right) as pccs:
        assert "TLS" in refused("--pccs", pccs.url)
        trusted("--pccs", pccs.url + ",ca=" + ca)
        trusted("--pccs", pccs.url + ",insecure")
        assert "TLS" in refused("--pccs", pccs.url + ",ca=" + wrong + ".pem")
        assert "none.pem" in refused("--pccs", pccs.url + ",ca=/none.pem")
    with Pccs(answers(), wrong) as pccs:
        assert "TLS" in refused("--pccs", pccs.url + ",ca=" + ca)


def every_answer_is_needed():
    for path in (PCK_CRL, ROOT_CRL, TCB, QE):
        assert "404" in refused_when(path, (404, {}, b""))
        assert "500" in refused_when(path, (500, {}, b"<html>Oops</html>"))
        refused_when(path, (200, {}, b"<html>Please log in</html>"))


def redirects_are_not_followed():
    with Pccs(answers()) as other:
        cause = refused_when(TCB, (302, {"Location": other.url + TCB}, b""))
        assert "redirect" in cause and not other.requests, cause


def answers_that_are_cut_short_are_refused():
    status, headers, body = answers()[TCB]
    refused_when(TCB, (status, {**headers, "Content-Length": str(len(body) + 1)}, body))
    refused_when(TCB, (status, headers, body[:-200]))
    status, headers, body = answers()[PCK_CRL]
    refused_when(PCK_CRL, (status, headers, body[:-20]))


def endless_answers_are_refused():
    def endless_body(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(65536 * b"x")

    def endless_headers(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X: " + 100 * b"x" + b"\r\n")

    assert "larger" in refused_when(TCB, endless_body)
    assert "16 KiB" in refused_when(TCB, endless_headers)


def silence_and_slowness_end_after_ten_seconds():
    def silence(handler):
        time.sleep(30)

    def slowness(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(60):
            handler.wfile.write(b"x")
            time.sleep(0.5)

    evidence("node")
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for cause in pool.map(lambda answer: refused_when(QE, answer), (silence, slowness)):
            assert "10000 ms" in cause, cause
    assert time.monotonic() - start < 25


def issuer_chains_are_decoded_strictly():
    status, headers, body = answers()[TCB]
    chain = headers["TCB-Info-Issuer-Chain"]
    for bad in (chain.replace("%2B", "+", 1) if "%2B" in chain else chain + "+", chain + "%00", chain + "%4", ""):
        refused_when(TCB, (status, {"TCB-Info-Issuer-Chain": bad}, body))


def collateral_of_another_platform_is_refused():
    changed = answers()
    status, headers, body = changed[TCB]
    fmspc = json.loads(body)["tcbInfo"]["fmspc"].encode()
    with Pccs({**changed, TCB: (status, headers, body.replace(fmspc, b"00A06F000000"))}) as pccs:
        # Its signature does not hold any more, which the verifier says.
        done = verify("--pccs", pccs.url)
        assert done.returncode == 10, (done.returncode, done.stderr)
        assert json.loads(done.stdout)["verdict"] == "not_trusted"


def the_next_endpoint_is_asked_when_one_fails():
    with Pccs({}) as empty, Pccs(answers()) as good:
        done = trusted("--pccs", empty.url, "--pccs", good.url)
        assert empty.url in done.stderr and "404" in done.stderr, done.stderr
        cause = refused("--pccs", empty.url, "--pccs", "http://127.0.0.1:1")
        assert empty.url in cause and "http://127.0.0.1:1" in cause, cause


def what_was_fetched_is_cached_for_its_owner_alone():
    cache = work("cache", "below")
    with Pccs(answers()) as pccs:
        trusted("--pccs", pccs.url, cache=cache)
        trusted("--pccs", pccs.url, cache=cache)
        assert len(pccs.requests) == 4, pccs.requests
        (name,) = os.listdir(cache)
        file = os.path.join(cache, name)
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(cache).st_mode) == 0o700
        with open(file, "w", encoding="utf-8") as broken:
            broken.write("{")
        trusted("--pccs", pccs.url, cache=cache)
        assert len(pccs.requests) == 8, pccs.requests
    trusted("--pccs", pccs.url, cache=cache)
    trusted("--offline", cache=cache)


def offline_means_the_cache_and_nothing_else():
    with Pccs(answers()) as pccs:
        cause = refused("--offline", "--pccs", pccs.url)
        assert "cache" in cause and not pccs.requests, cause


def what_was_fetched_can_be_saved_and_given():
    saved = work("saved.json")
    with Pccs(answers()) as pccs:
        trusted("--pccs", pccs.url, "--save-collateral", saved)
    trusted("--collateral", saved)
    with open(saved, encoding="utf-8") as file:
        assert json.load(file) == collateral_of(evidence("node"))


def endpoints_that_are_none_are_refused():
    for endpoint in ("", "pccs.example", "ftp://pccs.example", "https://pccs.example,trust",
                     "https://a:b@pccs.example"):
        cause = refused("--pccs", endpoint, code=2)
        assert "a:b" not in cause, cause


suite.run([
    collateral_is_fetched_and_trusted,
    crls_come_in_three_forms,
    tls_needs_the_right_authority_and_the_right_name,
    every_answer_is_needed,
    redirects_are_not_followed,
    answers_that_are_cut_short_are_refused,
    endless_answers_are_refused,
    silence_and_slowness_end_after_ten_seconds,
    issuer_chains_are_decoded_strictly,
    collateral_of_another_platform_is_refused,
    the_next_endpoint_is_asked_when_one_fails,
    what_was_fetched_is_cached_for_its_owner_alone,
    offline_means_the_cache_and_nothing_else,
    what_was_fetched_can_be_saved_and_given,
    endpoints_that_are_none_are_refused,
])
