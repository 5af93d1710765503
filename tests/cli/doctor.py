"""`mpcctl doctor`: an operator's machine and a host where all is well, and each thing that can be missing alone.

usage: doctor.py BUILD_DIR
"""

import contextlib
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import suite
from support.http_server import serving

MPCCTL = os.path.join(os.path.abspath(sys.argv[1]), "bin", "mpcctl")
TOKEN = "canary-token"
WORK = tempfile.TemporaryDirectory(prefix="d")
ROOT_CRL = "/sgx/certification/v4/rootcacrl"


def work(*names):
    return os.path.join(WORK.name, *names)


def write(path, text, mode=0o600):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def doctor(*words, home=None, token=TOKEN):
    """(exit code, {what: finding})."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DSTACK_VMM", "XDG_"))}
    home = home or work("home")
    os.makedirs(home, exist_ok=True)
    environment = {**kept, "HOME": home, **({"DSTACK_VMM_TOKEN": token} if token else {})}
    done = subprocess.run([MPCCTL, "doctor", "--json", *words], capture_output=True, text=True, check=False, timeout=60,
                          env=environment)
    assert "canary" not in done.stdout + done.stderr, done
    assert done.returncode in (0, 10), done
    document = json.loads(done.stdout)
    assert document["healthy"] == (done.returncode == 0), document
    return done.returncode, {finding["what"]: finding for finding in document["findings"]}


def level(findings, what):
    found = findings[what]
    assert (found["remedy"] != "") == (found["level"] in ("warning", "problem")), found
    return found["level"]


# --- a VMM, a collateral service ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def vmm(*options):
    """The address of a simulated VMM that wants TOKEN."""
    directory = tempfile.mkdtemp(prefix="v", dir=WORK.name)
    path = os.path.join(directory, "vmm.sock")
    with subprocess.Popen([MPCCTL, "sim", "vmm", "--listen", f"unix:{path}", "--directory", directory, "--token", TOKEN, *options],
                          stderr=subprocess.DEVNULL) as program:
        try:
            for _ in range(500):
                if os.path.exists(path):
                    break
                time.sleep(0.02)
            yield f"unix:{path}"
        finally:
            program.terminate()
            program.wait(30)


@contextlib.contextmanager
def service(body, status=200):
    """The URL of a collateral service that gives this as the root CA's CRL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.path == ROOT_CRL, self.path
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with serving(Handler) as address:
        yield address


def root_crl(at=None):
    """As a PCCS answers it, in hex; from a simulated platform of that time."""
    directory = work(f"evidence-{at}")
    if not os.path.isdir(directory):
        subprocess.run([MPCCTL, "sim", "evidence", "--output", directory, *(["--at", at] if at else [])], check=True,
                       capture_output=True, timeout=60)
    with open(os.path.join(directory, "collateral.json"), encoding="utf-8") as file:
        return json.load(file)["root_ca_crl"].encode()


# --- a host, as files ---------------------------------------------------------------------------------------------------


class Host:
    """A host where all is well, below a directory, whose devices are sockets."""

    DEVICES = {"host-kvm": "dev/kvm", "host-vsock": "dev/vhost-vsock", "host-sgx": "dev/sgx_enclave",
               "host-sgx-provision": "dev/sgx_provision", "host-aesm": "var/run/aesmd/aesm.socket"}

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="h", dir=WORK.name)
        self.write("sys/module/kvm_intel/parameters/tdx", "Y\n")
        for path in self.DEVICES.values():
            os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
            with socket.socket(socket.AF_UNIX) as device:
                device.bind(self.path(path))
        self.write("proc/1/comm", "systemd\n")
        self.write("proc/77/comm", "qgs\n")
        self.write("proc/sys/net/ipv4/ip_unprivileged_port_start", "80\n")
        self.write("proc/meminfo", "MemTotal: 99000000 kB\nMemAvailable:   2097152 kB\n")
        self.write("etc/sgx_default_qcnl.conf", '{"pccs_url": "https://localhost:8081/sgx/certification/v4/"}\n')
        self.qemu = self.says("QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds)")
        self.provider = socket.create_server(("127.0.0.1", 0))

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text):
        return write(self.path(name), text)

    def says(self, text):
        return write(self.path("usr/bin/qemu"), f"#!/bin/sh\n[ \"$*\" = --version ] && echo '{text}'\n", 0o755)

    def examined(self, *words):
        """({what: level} of the host, findings)."""
        port = self.provider.getsockname()[1]
        _, findings = doctor("--offline", "--host", "--root", self.root, "--qemu", self.qemu, "--key-provider", str(port), *words)
        return {what: level(findings, what) for what in findings if what.startswith("host-")}, findings


# --- checks -------------------------------------------------------------------------------------------------------------


def a_machine_where_all_is_well_has_no_problem():
    with vmm() as address, service(root_crl()) as pccs:
        code, findings = doctor("--vmm", address, "--pccs", pccs)
    assert code == 0, findings
    assert "dstack-vmm 0.5.8" in findings["vmm"]["text"], findings
    for what in ("state", "cache", "configuration", "vmm", "vmm-access", "vmm-vms", "vmm-images", f"collateral {pccs}/"):
        assert level(findings, what) == "ok", findings[what]
    assert level(findings, "clock") in ("ok", "warning")


def the_table_ends_with_a_count_and_names_remedies():
    done = subprocess.run([MPCCTL, "doctor", "--vmm", "unix:/nonexistent", "--offline"], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == 10 and "-> " in done.stdout and done.stdout.rstrip().endswith("skipped"), done
    assert " 1 problems" in done.stdout.splitlines()[-1], done.stdout


def a_vmm_that_is_not_there_or_wants_another_token_is_a_problem():
    assert level(doctor("--offline", "--vmm", "unix:/nonexistent")[1], "vmm") == "problem"
    with vmm() as address:
        code, findings = doctor("--offline", "--vmm", address, token="canary-wrong")
        assert code == 10 and "problem" in (level(findings, what) for what in findings), findings


def a_vmm_that_answers_html_is_a_problem():
    with vmm("--html", "Version:9") as address:
        assert level(doctor("--offline", "--vmm", address)[1], "vmm") == "problem"


def a_vmm_without_the_deployments_image_is_a_problem():
    deployment = write(work("deployment.toml"), 'name = "node"\nos_image = "dstack-9.9.9"\nvcpu = 2\nmemory_mb = 2048\n'
                       'disk_gb = 10\ncompose = "compose.yaml"\nuser_config = "user.conf"\n')
    write(work("compose.yaml"), "services: {}\n")
    write(work("user.conf"), "")
    with vmm() as address:
        code, findings = doctor("--offline", "--vmm", address, "--file", deployment)
        assert code == 10 and level(findings, "vmm-images") == "problem", findings
        assert "dstack-9.9.9" in findings["vmm-images"]["text"], findings


def every_context_is_examined_when_none_is_chosen():
    with vmm() as first:
        home = work("contexts")
        write(os.path.join(home, ".config/mpcctl/config.toml"),
              f'[contexts.good]\nurl = "{first}"\ntoken = "{TOKEN}"\n[contexts.gone]\nurl = "unix:/nonexistent"\n')
        _, findings = doctor("--offline", home=home, token=None)
        assert level(findings, "vmm good") == "ok" and level(findings, "vmm gone") == "problem", findings


def a_configuration_file_with_a_token_that_others_can_read_is_a_problem():
    home = work("open")
    write(os.path.join(home, ".config/mpcctl/config.toml"), f'[contexts.a]\nurl = "unix:/x"\ntoken = "{TOKEN}"\n', 0o644)
    code, findings = doctor("--offline", home=home)
    assert code == 10 and level(findings, "configuration") == "problem", findings


def a_home_that_cannot_be_written_to_is_a_problem():
    write(work("file"), "")
    code, findings = doctor("--offline", home=work("home"))
    assert code == 0, findings
    done = subprocess.run([MPCCTL, "doctor", "--json", "--offline"], capture_output=True, text=True, check=False, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": work("file")})
    levels = {it["what"]: it["level"] for it in json.loads(done.stdout)["findings"]}
    assert done.returncode == 10 and levels["state"] == levels["cache"] == "problem", levels


def collateral_that_is_stale_from_the_future_or_none_is_told():
    old, future = root_crl("2020-01-01T00:00:00Z"), root_crl("2090-01-01T00:00:00Z")
    for body, expected in ((old, "problem"), (future, "problem"), (b"<html>", "warning"), (b"", "warning")):
        with service(body) as pccs:
            code, findings = doctor("--pccs", pccs)
            assert code == 10 and level(findings, f"collateral {pccs}/") == expected, (body[:20], findings)
            assert level(findings, "collateral") == "problem", findings
    with service(root_crl(), status=503) as broken, service(root_crl()) as pccs:
        code, findings = doctor("--pccs", broken, "--pccs", pccs)
        assert code == 0 and level(findings, f"collateral {broken}/") == "warning", findings
        assert "collateral" not in findings, "one service is enough"


def a_host_where_all_is_well_has_no_problem():
    levels, _ = Host().examined()
    assert set(levels.values()) == {"ok"} and len(levels) == 11, levels


def each_thing_that_a_host_lacks_is_named_alone():
    def remove(name):
        return lambda host: os.remove(host.path(name))

    breaks = {"host-tdx": lambda host: host.write("sys/module/kvm_intel/parameters/tdx", "N\n"),
              "host-quotes": remove("proc/77/comm"), "host-pccs": remove("etc/sgx_default_qcnl.conf"),
              "host-key-provider": lambda host: host.provider.close(),
              "host-qemu": lambda host: host.says("QEMU emulator version 9.0.0"),
              "host-low-ports": remove("proc/sys/net/ipv4/ip_unprivileged_port_start"),
              **{what: remove(path) for what, path in Host.DEVICES.items()}}
    for what, damage in breaks.items():
        host = Host()
        port = str(host.provider.getsockname()[1])
        damage(host)
        _, findings = doctor("--offline", "--host", "--root", host.root, "--qemu", host.qemu, "--key-provider", port)
        bad = {it: found["level"] for it, found in findings.items() if it.startswith("host-") and found["level"] != "ok"}
        expected = "warning" if what in ("host-pccs", "host-qemu", "host-low-ports") else "problem"
        assert bad == {what: expected}, (what, bad)
        level(findings, what)


def a_qemu_that_fails_or_never_ends_is_a_problem():
    host = Host()
    for script in ("#!/bin/sh\nexit 3\n", "not a program\n", "#!/bin/sh\nyes\n"):
        write(host.qemu, script, 0o755)
        levels, _ = host.examined()
        assert levels["host-qemu"] == "problem", (script, levels)


def a_deployments_ports_and_memory_are_looked_at():
    host = Host()
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        used = taken.getsockname()[1]
        free = other.getsockname()[1]
        other.close()
        write(work("compose.yaml"), "services: {}\n")
        write(work("user.conf"), "")
        deployment = write(work("ports.toml"), f'name = "node"\nos_image = "dstack-0.5.8"\nvcpu = 2\nmemory_mb = 4096\n'
                           'disk_gb = 10\ncompose = "compose.yaml"\nuser_config = "user.conf"\n'
                           f"ports = [{{ host = {used}, vm = 80 }}, {{ host = {free}, vm = 8080 }}]\n")
        levels, _ = host.examined("--file", deployment)
    assert levels[f"host-port tcp:127.0.0.1:{used}:80"] == "warning", levels
    assert levels[f"host-port tcp:127.0.0.1:{free}:8080"] == "ok", levels
    assert levels["host-memory"] == "warning", levels


suite.run([
    a_machine_where_all_is_well_has_no_problem,
    the_table_ends_with_a_count_and_names_remedies,
    a_vmm_that_is_not_there_or_wants_another_token_is_a_problem,
    a_vmm_that_answers_html_is_a_problem,
    a_vmm_without_the_deployments_image_is_a_problem,
    every_context_is_examined_when_none_is_chosen,
    a_configuration_file_with_a_token_that_others_can_read_is_a_problem,
    a_home_that_cannot_be_written_to_is_a_problem,
    collateral_that_is_stale_from_the_future_or_none_is_told,
    a_host_where_all_is_well_has_no_problem,
    each_thing_that_a_host_lacks_is_named_alone,
    a_qemu_that_fails_or_never_ends_is_a_problem,
    a_deployments_ports_and_memory_are_looked_at,
])
