"""The page of `mpcctl verify --html` in a real browser: what fits, what is fetched, what a stranger can do to it.

usage: html_report.py BUILD_DIR

Skips without Chromium and its font (tools/setup tests).
"""

import base64
import fcntl
import json
import os
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import suite

MPCCTL = Path(sys.argv[1], "bin", "mpcctl").resolve()
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (360, 1100)
HOSTILE = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\" onfocus=x"
SECONDS = 60


class Browser:
    """One page of a headless Chromium, driven over a pipe (Chrome DevTools Protocol), on no port and no network."""

    OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
               "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
               "--hide-scrollbars", "--remote-debugging-pipe"]

    def __init__(self, profile):
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        # It reads commands at 3 and writes answers at 4: from copies above those, so that neither overwrites the other.
        copies = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (to_browser, from_browser)]
        self.process = subprocess.Popen([CHROMIUM, *self.OPTIONS, f"--user-data-dir={profile}", "about:blank"],
                                        preexec_fn=lambda: [os.dup2(copies[0], 3), os.dup2(copies[1], 4)],
                                        close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in copies:
            os.close(end)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")

    def message(self):
        end = time.monotonic() + SECONDS
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.input], [], [], max(0, end - time.monotonic()))
            assert ready, "Chromium does not answer"
            data = os.read(self.input, 1 << 16)
            assert data, "Chromium ended"
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.output, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def open(self, path, width, dark=False, medium="screen"):
        """Loads a file in a window of that width, as a phone would below 700."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
                  mobile=width < 700)
        self.call("Emulation.setEmulatedMedia", media=medium,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.events = []
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message())

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def unfold(self):
        self.value("document.querySelectorAll('details').forEach(each => each.open = true)")

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def screenshot(self):
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(SECONDS)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.output)
        os.close(self.input)


class Reports:
    """The pages to look at, made by mpcctl from the simulator's evidence."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.evidence = self.directory / "evidence"
        self.run("sim", "evidence", "--output", self.evidence)
        self.pages = {"trusted": self.page("trusted", 0),
                      "untrusted": self.page("untrusted", 10, self.edited(other_payload)),
                      "hostile": self.page("hostile", 10, self.edited(hostile_name)),
                      "platform": self.page("platform", 0, None, "--platform-only")}

    def run(self, *arguments, expected=0):
        done = subprocess.run([MPCCTL, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS,
                              check=False)
        assert done.returncode == expected, f"{arguments}: {done.returncode}: {done.stderr}{done.stdout[-2000:]}"
        return done.stdout

    def page(self, name, expected, tcb_info="tcb_info.json", *more):
        path = self.directory / f"{name}.html"
        files = {"--quote": "quote.bin", "--collateral": "collateral.json", "--policy": "policy.toml"}
        if tcb_info:
            files |= {"--tcb-info": tcb_info, "--node-keys": "node_keys.json"}
        options = [word for option, file in files.items() for word in (option, self.evidence / file)]
        self.run("verify", *options, "--html", path, *more, expected=expected)
        return path

    def edited(self, edit):
        """A tcb_info in which the last event but one is another; its name."""
        info = json.loads((self.evidence / "tcb_info.json").read_text())
        edit(info["event_log"][-2])
        name = f"{edit.__name__}.json"
        (self.evidence / name).write_text(json.dumps(info))
        return name


def other_payload(event):
    event["event_payload"] = "00"


def hostile_name(event):
    event["event"] = HOSTILE


def markup(text):
    """The tags alone: what looks like an attribute is harmless in a text."""
    return re.sub(r">[^<]*<", "><", text)


def everywhere(look):
    """Calls look() with every page at every width, folded and unfolded; it returns what is wrong."""
    for name, path in reports.pages.items():
        for width in WIDTHS:
            browser.open(path, width)
            for state in ("folded", "unfolded"):
                wrong = look(path, width)
                assert not wrong, f"{name} at {width}, {state}: {wrong}"
                browser.unfold()


def nothing_is_wider_than_the_window():
    everywhere(lambda path, width: browser.value(
        f"""[...document.querySelectorAll('body, body *')].filter(each => each.getClientRects().length
              && (each.getBoundingClientRect().right > {width} + .5 || each.getBoundingClientRect().left < -.5))
            .map(each => each.tagName + ' ' + each.textContent.slice(0, 40)).slice(0, 3)
            .concat([document.documentElement.scrollWidth].filter(wide => wide > {width}))"""))


def no_text_leaves_its_box_in_the_picture():
    everywhere(lambda path, width: browser.value(
        """[...document.querySelectorAll('.node')].filter(node => node.getClientRects().length).filter(node => {
             const box = node.querySelector('rect').getBoundingClientRect();
             const ends = [...node.querySelectorAll('.title, .sub')].map(each => each.getBoundingClientRect().right);
             return Math.max(...ends) > box.right;
           }).map(node => node.textContent)"""))


def a_picture_of_it_is_as_wide_as_the_window():
    for width in WIDTHS:
        browser.open(reports.pages["trusted"], width)
        image = browser.screenshot()
        wide = struct.unpack(">I", image[16:20])[0]
        assert wide == width, f"{wide} wide"
        assert len(image) > 10_000, "an empty picture"


def one_drawing_of_the_chain_shows():
    for width, shown in zip(WIDTHS, ("narrow", "wide")):
        browser.open(reports.pages["trusted"], width)
        drawings = browser.value("[...document.querySelectorAll('.chain')].filter(each => each.checkVisibility())"
                                 ".map(each => each.getAttribute('class'))")
        assert drawings == [f"chain {shown}"], drawings


def nothing_is_fetched():
    everywhere(lambda path, width: [url for url in browser.requests() if url != path.resolve().as_uri()])


def nothing_in_the_file_leads_out_of_it():
    for path in reports.pages.values():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:", text), "a reference to the network"
        values = re.findall(r"""\s(?:src|href|action|data|srcset|ping)\s*=\s*["']?([^\s>])""", markup(text))
        assert values and set(values) == {"#"}, f"references that begin with {set(values)}"
        assert len(text) < 200_000, f"{len(text)} characters"


def hostile_text_stays_text():
    browser.open(reports.pages["hostile"], 1100)
    browser.unfold()
    assert browser.value("document.body.innerText").count(HOSTILE), "the name is not shown"
    assert browser.value("document.querySelectorAll('script, img, iframe, object, [onerror], [onfocus]').length") == 0
    assert browser.value("typeof window.pwned") == "undefined", "a stranger's script ran"


def no_script_would_run():
    browser.open(reports.pages["trusted"], 1100)
    browser.value("{ const script = document.createElement('script'); script.textContent = 'window.ran = 1';"
                  " document.body.append(script); }")
    assert browser.value("typeof window.ran") == "undefined", "the page's policy lets scripts run"


def it_is_dark_for_who_wants_that_and_light_on_paper():
    def lightness(**how):
        browser.open(reports.pages["trusted"], 1100, **how)
        colour = browser.value("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3

    assert lightness(dark=False) > 220
    assert lightness(dark=True) < 40
    assert lightness(dark=True, medium="print") > 220


def text_can_be_told_from_its_ground():
    """WCAG 2.2, 1.4.3: a contrast of 4.5 for text, light and dark, of what is not drawn."""
    measure = """(() => {
      const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
      const linear = part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
      const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
      const ground = each => {
        for (; each; each = each.parentElement) {
          const colour = rgb(getComputedStyle(each).backgroundColor);
          if (colour.length == 3) return colour;
        }
        return [255, 255, 255];
      };
      const contrast = each => {
        const [a, b] = [light(rgb(getComputedStyle(each).color)), light(ground(each))].sort((x, y) => y - x);
        return (a + .05) / (b + .05);
      };
      return [...document.querySelectorAll('body *:not(svg, svg *)')]
        .filter(each => [...each.childNodes].some(node => node.nodeType == 3 && node.data.trim()))
        .map(each => [contrast(each), each.textContent.slice(0, 30)]).filter(([ratio]) => ratio < 4.5).slice(0, 3);
    })()"""
    for name, path in reports.pages.items():
        for dark in (False, True):
            browser.open(path, 1100, dark=dark)
            browser.unfold()
            faint = browser.value(measure)
            assert not faint, f"{name}, {'dark' if dark else 'light'}: {faint}"


def paper_has_what_is_folded():
    browser.open(reports.pages["trusted"], 1100, medium="print")
    hidden = browser.value("[...document.querySelectorAll('details dl')]"
                           ".filter(each => !each.checkVisibility()).length")
    assert hidden == 0, f"{hidden} lists are folded on paper"
    browser.open(reports.pages["trusted"], 1100)
    assert browser.pdf().startswith(b"%PDF-")


def a_box_leads_to_its_checks():
    browser.open(reports.pages["trusted"], 1100)
    boxes = browser.value("[...document.querySelectorAll('.chain.wide a')].map(each => each.getAttribute('href'))")
    assert len(boxes) > 10, boxes
    for target in boxes:
        browser.value(f"location.hash = '{target}'")
        assert browser.value(f"document.querySelector('{target}').checkVisibility()"), f"{target} stays folded"


if not CHROMIUM:
    print("skip  all: no Chromium (tools/setup tests installs it)\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="html-report-") as work:
    reports = Reports(work)
    browser = Browser(os.path.join(work, "profile"))
    try:
        suite.run([
            nothing_is_wider_than_the_window,
            no_text_leaves_its_box_in_the_picture,
            a_picture_of_it_is_as_wide_as_the_window,
            one_drawing_of_the_chain_shows,
            nothing_is_fetched,
            nothing_in_the_file_leads_out_of_it,
            hostile_text_stays_text,
            no_script_would_run,
            it_is_dark_for_who_wants_that_and_light_on_paper,
            text_can_be_told_from_its_ground,
            paper_has_what_is_folded,
            a_box_leads_to_its_checks,
        ])
    finally:
        browser.close()
