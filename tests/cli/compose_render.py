"""`mpcctl compose render`: files and streams, refusals, and the templates that operators have.

usage: compose_render.py BUILD_DIR
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile

import suite

MPCCTL = os.path.join(os.path.abspath(sys.argv[1]), "bin", "mpcctl")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OURS = os.path.join(ROOT, "deployment", "launcher-compose.yaml")
LAUNCHER, IMAGE = "a" * 64, "b" * 64
BOTH = ("--launcher-digest", "sha256:" + LAUNCHER, "--image-digest", IMAGE)


def render(*options, cwd=None):
    return subprocess.run([MPCCTL, "compose", "render", *options], capture_output=True, check=False, timeout=30, cwd=cwd)


def model(path):
    with open(path, "rb") as file:
        text = file.read()
    return text.replace(b"{{LAUNCHER_IMAGE_HASH}}", LAUNCHER.encode()).replace(b"{{DEFAULT_IMAGE_DIGEST_HASH}}", IMAGE.encode())


def templates():
    vectors = os.environ.get("REFERENCE_VECTORS")
    network = [os.path.join(os.path.abspath(vectors), "near-mpc", "launcher_docker_compose.yaml.template")] if vectors else []
    return [OURS, *network]


def assert_refused(done, code, *mentions):
    error = done.stderr.decode()
    assert done.returncode == code and not done.stdout, done
    assert error.startswith("mpcctl: ") and "\nremedy: " in error, error
    for text in mentions:
        assert text in error, f"{text} is not mentioned: {error}"


def a_template_is_filled_in_byte_for_byte_to_a_file():
    for template in templates():
        with tempfile.TemporaryDirectory() as directory:
            done = render("--template", template, *BOTH, "--output", "out.yaml", cwd=directory)
            assert done.returncode == 0 and not done.stderr, done
            with open(os.path.join(directory, "out.yaml"), "rb") as file:
                written = file.read()
            assert written == model(template) and b"{{" not in written
            assert hashlib.sha256(written).hexdigest() in done.stdout.decode(), done
            assert os.listdir(directory) == ["out.yaml"]


def without_an_output_it_goes_to_standard_output_alone():
    done = render("--template", OURS, *BOTH)
    assert done.returncode == 0 and done.stdout == model(OURS), done
    assert done.stderr.decode() == f"SHA-256 {hashlib.sha256(done.stdout).hexdigest()}\n"


def a_machine_gets_json():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "out.yaml")
        done = render("--template", OURS, *BOTH, "--output", path, "--json")
        assert json.loads(done.stdout) == {"sha256": hashlib.sha256(model(OURS)).hexdigest(), "launcher_digest": "sha256:" + LAUNCHER,
                                           "image_digest": "sha256:" + IMAGE, "output": path}, done
    assert_refused(render("--template", OURS, *BOTH, "--json"), 2, "--output")


def other_bytes_that_are_replaced_are_told():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "out.yaml")
        with open(path, "wb") as file:
            file.write(b"measured once")
        done = render("--template", OURS, *BOTH, "--output", path)
        assert done.returncode == 0 and hashlib.sha256(b"measured once").hexdigest() in done.stderr.decode(), done
        assert not render("--template", OURS, *BOTH, "--output", path).stderr, "the same bytes are nothing to tell"


def a_refusal_leaves_the_old_file():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "out.yaml")
        with open(path, "wb") as file:
            file.write(b"old")
        assert_refused(render("--template", OURS, *BOTH[:2], "--output", path), 3, OURS, "line ", "{{DEFAULT_IMAGE_DIGEST_HASH}}",
                       "--image-digest")
        with open(path, "rb") as file:
            assert file.read() == b"old"
        assert os.listdir(directory) == ["out.yaml"]


def bad_input_is_refused_with_its_name():
    with tempfile.TemporaryDirectory() as directory:
        template = os.path.join(directory, "template")
        with open(template, "wb") as file:
            file.write(b"{{LAUNCHER_IMAGE_HASH}}\n{{DEFAULT_IMAGE_DIGEST_HASH}} {{MPC_IMAGE}}\n")
        assert_refused(render("--template", template, *BOTH), 3, "line 2, column 31", "{{MPC_IMAGE}}")
        assert_refused(render("--template", model_file(directory), *BOTH), 3, "{{LAUNCHER_IMAGE_HASH}} occurs nowhere")
        assert_refused(render("--template", os.path.join(directory, "none"), *BOTH), 3, "none")
        assert_refused(render("--template", directory, *BOTH), 3, "not a regular file")
        assert_refused(render("--template", OURS), 2, "--launcher-digest")
        assert_refused(render("--template", OURS, "--launcher-digest", LAUNCHER.upper(), *BOTH[2:]), 2, "--launcher-digest")
        assert_refused(render("--template", OURS, *BOTH[:2], "--image-digest", "sha256:12"), 2, "--image-digest")
        assert_refused(render("--template", OURS, *BOTH, "--output", directory), 3, "not a regular file")
        assert_refused(render("--template", OURS, *BOTH, "--output", "/dev/stdout"), 3, "/dev/stdout")
        assert_refused(render("--template", OURS, *BOTH, "--output", os.path.join(directory, "no", "file")), 3, "no")


def model_file(directory):
    path = os.path.join(directory, "rendered")
    with open(path, "wb") as file:
        file.write(model(OURS))
    return path


suite.run([
    a_template_is_filled_in_byte_for_byte_to_a_file,
    without_an_output_it_goes_to_standard_output_alone,
    a_machine_gets_json,
    other_bytes_that_are_replaced_are_told,
    a_refusal_leaves_the_old_file,
    bad_input_is_refused_with_its_name,
])
