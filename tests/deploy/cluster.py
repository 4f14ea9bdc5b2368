"""Two processes of the app on PostgreSQL behind nginx with deploy/'s own configuration."""

import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aqfusion.labels.store import LabelStore
from aqfusion.load_test.annotation_plan import AnnotationPlan
from aqfusion.load_test.server_process import free_port, wait_for_server
from aqfusion.settings import ROOT
from tests.labels import postgres

TEMPLATE = ROOT / "deploy" / "nginx.conf.template"
HOST = "localhost"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
TOKEN = "a-token-of-the-tests-alone"
_MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-start.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/aqfusion.conf;
}}
"""


@dataclass
class Cluster:
    """Both processes by their letter, where nginx listens, and the store."""

    folder: Path
    home: Path
    labels: str
    ports: dict[str, int]
    https: int
    http: int
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where visitors go."""
        return f"https://{HOST}:{self.https}"

    @property
    def ssl(self) -> ssl.SSLContext:
        """Trusts this cluster's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))

    def own(self, letter: str) -> str:
        """Where one process answers without nginx."""
        return f"http://127.0.0.1:{self.ports[letter]}"

    def start(self, letter: str) -> None:
        """Start a process and wait until it answers."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AQFUSION_")}
        settings = {
            "AQFUSION_HOME": str(self.home),
            "AQFUSION_LABELS": self.labels,
            "AQFUSION_LOG": "json",
            "AQFUSION_TRUSTED_PROXIES": "127.0.0.1",
            "AQFUSION_METRICS_TOKEN": TOKEN,
            "AQFUSION_LEAST_DISK_MB": "1",
        }
        options = ("--server.address=127.0.0.1", "--server.headless=true")
        log = self.log(letter)
        with log.open("ab") as stream:
            self.running[letter] = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "streamlit", "run", str(ROOT / "app.py")),
                    *(f"--server.port={self.ports[letter]}", *options),
                ],
                cwd=ROOT, env={**kept, **settings}, stdout=stream, stderr=stream,
            )  # fmt: skip
        wait_for_server(self.own(letter), self.running[letter], log)

    def kill(self, letter: str) -> None:
        """As the system does when memory runs out: no signal that a program hears."""
        self.running[letter].send_signal(signal.SIGKILL)
        self.running[letter].wait(30)

    def log(self, letter: str) -> Path:
        """What a process wrote, over all its starts."""
        return self.folder / f"app-{letter}.log"

    def store(self) -> LabelStore:
        """The cluster's store, for whoever looks from outside."""
        return LabelStore.open(self.labels, str(self.home / "labels" / "photos"))


def configuration(folder: Path, ports: dict[str, int], http: int, https: int) -> Path:
    """Fill in the template as envsubst does; the main file around it is the distribution's."""
    text = TEMPLATE.read_text(encoding="utf-8")
    values = {
        "AQFUSION_APP_A": f"127.0.0.1:{ports['a']}",
        "AQFUSION_APP_B": f"127.0.0.1:{ports['b']}",
        "AQFUSION_PORT_A": str(ports["a"]),
        "AQFUSION_PORT_B": str(ports["b"]),
        "AQFUSION_HOST": HOST,
        "AQFUSION_HTTP_PORT": str(http),
        "AQFUSION_HTTPS_PORT": str(https),
        "AQFUSION_CERTIFICATES": str(folder),
        "AQFUSION_NGINX_LOGS": str(folder),
    }
    for name, value in values.items():
        assert f"${{{name}}}" in text, name
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    (folder / "aqfusion.conf").write_text(text, encoding="utf-8")
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder), encoding="utf-8")
    return main


def certificate(folder: Path) -> None:
    """Sign a certificate by itself, for the tests' host."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={HOST}"),
            *("-addext", f"subjectAltName=DNS:{HOST}"),
            *("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")),
        ],
        check=True, capture_output=True,
    )  # fmt: skip


def nginx(main: Path, *options: str) -> list[str]:
    """The command that runs nginx by a main file."""
    user = ("-g", "user root;") if os.getuid() == 0 else ()
    return [str(NGINX), "-p", str(main.parent), "-c", str(main), *user, *options]


@contextmanager
def cluster(folder: Path, socket: Path) -> Iterator[Cluster]:
    """Run nginx in front of two processes; the database is new."""
    ports = {"a": free_port(), "b": free_port()}
    made = Cluster(
        folder, folder / "home", postgres.url_of(socket, "cluster"), ports, free_port(), free_port()
    )
    postgres.run(socket, "CREATE DATABASE cluster")
    certificate(folder)
    main = configuration(folder, ports, made.http, made.https)
    server = subprocess.Popen(nginx(main))
    try:
        for letter in ports:
            made.start(letter)
        yield made
    finally:
        for process in (server, *made.running.values()):
            with suppress(ProcessLookupError):
                process.terminate()
        for process in (server, *made.running.values()):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def plan_in(made: Cluster, annotators: int, seconds: float) -> AnnotationPlan:
    """Accounts and items in the cluster's store."""

    class ClusterPlan(AnnotationPlan):
        """A plan whose store is the cluster's."""

        def _store(self) -> LabelStore:
            return made.store()

    return ClusterPlan.prepare(made.home, annotators, seconds)
