"""Sample images of a node, the same every time: a static busybox and a script as /app/mpc-node.

`mpcctl image build` makes them; those that it does not make (for another machine, or with Docker's media types) are written
by hand. They lie in one OCI layout on disk (or, with Docker's media types, in a directory of skopeo's), from which skopeo
pushes them to a registry; docker_archive() is for the engine's own POST /images/load.
"""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

_OCI = "application/vnd.oci.image."
_OCI_TYPES = (_OCI + "config.v1+json", _OCI + "layer.v1.tar+gzip", _OCI + "manifest.v1+json")
_DOCKER_TYPES = ("application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip",
                 "application/vnd.docker.distribution.manifest.v2+json")

# Prints which variables it was given, never what they hold; ends at once when asked to.
_NODE = """#!/bin/busybox sh
trap 'echo "node {version}: asked to stop"; exit 0' TERM
echo "node {version}: started as: $*"
for name in $(busybox env | busybox sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p' | busybox sort); do
    echo "variable $name"
done
[ -e "$2" ] && echo "config $2 is here"
while :; do busybox sleep 1 & wait $!; done
"""
_CRASHES = """#!/bin/busybox sh
echo "node: this version ends with code 3"
exit 3
"""


@dataclass(frozen=True)
class Image:
    """One image of the layout. For an index, the digest is the index's, and the ID that of its linux/amd64 member."""

    name: str
    digest: str        # of the manifest or index: what a registry serves
    id: str            # of the config: what Docker calls the image
    source: str        # where skopeo finds it
    config_blob: bytes
    layer_blobs: tuple  # compressed
    layer_digests: tuple

    def docker_archive(self, tag):
        """A tar for POST /images/load, which makes the image repository:tag in the engine."""
        layers = [(f"layer-{number}.tar", gzip.decompress(blob)) for number, blob in enumerate(self.layer_blobs)]
        manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": [name for name, _ in layers]}]
        return _tar([("config.json", self.config_blob, 0o644), ("manifest.json", _json(manifest), 0o644),
                     *((name, blob, 0o644) for name, blob in layers)])


def image_build(mpcctl: Path, *options):
    subprocess.run([mpcctl, "image", "build", *map(str, options)], check=True, stdout=subprocess.DEVNULL)


def program_archive(mpcctl: Path, program: Path, tag):
    """A tar for POST /images/load of the launcher's own image: made as deployment/build-image.sh makes it."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "archive"
        image_build(mpcctl, "--file", f"{program}:/{program.name}:755", "--compression", "none", "--entrypoint",
                    f"/{program.name}", "--name", tag, "--output", f"docker-archive:{archive}")
        return archive.read_bytes()


class Images:
    """The sample images, in a layout under `directory`."""

    def __init__(self, directory: Path, mpcctl: Path):
        self._layout = directory
        self._mpcctl = mpcctl
        self._index = []
        (directory / "blobs/sha256").mkdir(parents=True)
        (directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

        self._base = directory / "base"
        image_build(mpcctl, "--file", "/bin/busybox:/bin/busybox:755", "--env", "PATH=/bin:/app", "--output", f"oci:{self._base}")

        #: The node, as approved in most tests, and the version after it.
        self.node = self._built("node", _NODE.format(version=1))
        self.next = self._built("next", _NODE.format(version=2))
        #: The same node with Docker's own media types.
        self.docker_format = self._image("docker-format", _NODE.format(version=3), docker=True)
        #: Ends at once with code 3.
        self.crashes = self._built("crashes", _CRASHES)
        #: For another machine only.
        self.arm = self._image("arm", _NODE.format(version=4), architecture="arm64")
        #: For several, of which one is ours.
        self.multi_platform = self._multi_platform("multi-platform", [self.node, self.arm])

    # --- with mpcctl --------------------------------------------------------------------------------------------------

    def recipe(self, name):
        """What `mpcctl image build` is told, but for --output."""
        return ["--base", f"oci:{self._base}", "--file", f"{self._layout / name}.sh:/app/mpc-node:755", "--cmd", "/app/mpc-node",
                "--workdir", "/"]

    def _built(self, name, script):
        (self._layout / f"{name}.sh").write_text(script, encoding="utf-8")
        built = self._layout / f"{name}-built"
        image_build(self._mpcctl, *self.recipe(name), "--output", f"oci:{built}")
        (entry,) = json.loads((built / "index.json").read_bytes())["manifests"]
        shutil.copytree(built / "blobs", self._layout / "blobs", dirs_exist_ok=True)
        manifest = json.loads(self._read(entry["digest"]))
        layers = [layer["digest"] for layer in manifest["layers"]]
        descriptor = {key: entry[key] for key in ("mediaType", "digest", "size")}
        source = self._list(name, {**descriptor, "platform": {"architecture": "amd64", "os": "linux"}})
        return Image(name, entry["digest"], manifest["config"]["digest"], source, self._read(manifest["config"]["digest"]),
                     tuple(map(self._read, layers)), tuple(layers))

    def _read(self, digest):
        return (self._layout / "blobs" / digest.replace(":", "/")).read_bytes()

    # --- by hand ------------------------------------------------------------------------------------------------------

    def _blob(self, data):
        digest = hashlib.sha256(data).hexdigest()
        (self._layout / "blobs/sha256" / digest).write_bytes(data)
        return "sha256:" + digest

    def _describe(self, data, media_type, **more):
        return {"mediaType": media_type, "digest": self._blob(data), "size": len(data), **more}

    def _list(self, name, descriptor):
        """Names it in the layout; returns where skopeo finds it."""
        self._index.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": name}})
        (self._layout / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": self._index}))
        return f"oci:{self._layout}:{name}"

    def _image(self, name, script, architecture="amd64", docker=False):
        layers = [_tar([("bin/busybox", Path("/bin/busybox").read_bytes(), 0o755)]),
                  _tar([("app/mpc-node", script.encode(), 0o755)])]
        config = _json({
            "architecture": architecture, "os": "linux", "created": "2026-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/bin:/app"], "Cmd": ["/app/mpc-node"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in layers]},
            "history": [{"created_by": "tests"}] * len(layers)})
        blobs = [gzip.compress(tar, compresslevel=1, mtime=0) for tar in layers]
        config_type, layer_type, manifest_type = _DOCKER_TYPES if docker else _OCI_TYPES
        described = [self._describe(blob, layer_type) for blob in blobs]
        manifest = _json({"schemaVersion": 2, "mediaType": manifest_type,
                          "config": self._describe(config, config_type), "layers": described})
        descriptor = self._describe(manifest, manifest_type, platform={"architecture": architecture, "os": "linux"})
        source = self._directory(name, [config, *blobs], manifest) if docker else self._list(name, descriptor)
        return Image(name, descriptor["digest"], "sha256:" + hashlib.sha256(config).hexdigest(), source, config,
                     tuple(blobs), tuple(layer["digest"] for layer in described))

    def _directory(self, name, blobs, manifest):
        """skopeo's "dir:", because its "oci:" knows no manifests of Docker's."""
        directory = self._layout / name
        directory.mkdir()
        (directory / "version").write_text("Directory Transport Version: 1.1\n")
        (directory / "manifest.json").write_bytes(manifest)
        for blob in blobs:
            (directory / hashlib.sha256(blob).hexdigest()).write_bytes(blob)
        return f"dir:{directory}"

    def _multi_platform(self, name, members):
        manifests = [{key: value for key, value in entry.items() if key != "annotations"}
                     for entry in self._index if entry["digest"] in {member.digest for member in members}]
        index = _json({"schemaVersion": 2, "mediaType": _OCI + "index.v1+json", "manifests": manifests})
        descriptor = self._describe(index, _OCI + "index.v1+json")
        source = self._list(name, descriptor)
        first = members[0]
        return Image(name, descriptor["digest"], first.id, source, first.config_blob, first.layer_blobs,
                     first.layer_digests)


def _json(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _tar(files):
    """A tar of (path, content, mode): directories first, no times, no owners."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for directory in sorted({path.rsplit("/", 1)[0] for path, _, _ in files if "/" in path}):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, content, mode in files:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
