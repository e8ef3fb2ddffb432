# SPDX-License-Identifier: Apache-2.0
"""Drives Chromium by the DevTools protocol over a pipe. Needs Chromium and nothing else."""

import base64
import json
import os
import pathlib
import selectors
import shutil
import subprocess
import tempfile
import time


def chromium():
    """The program; it is a failure if it is missing, never a skipped test."""
    path = os.environ.get("MILLRACE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        raise RuntimeError("Chromium is missing: install it (scripts/install-deps.sh does), or set MILLRACE_TEST_CHROMIUM")
    return path


class Chrome:
    """A browser without a window. For a with statement."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="millrace-chromium-", ignore_cleanup_errors=True)
        # Chromium reads commands from file descriptor 3 and writes answers to 4.
        to_chrome, self.commands = os.pipe()
        self.answers, from_chrome = os.pipe()
        script = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        with open(pathlib.Path(self.profile.name) / "log", "w") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", script, "bash", str(to_chrome), str(from_chrome), chromium(), "--headless=new", "--no-sandbox",
                 "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-extensions", "--hide-scrollbars", "--mute-audio",
                 "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}", "about:blank"],
                pass_fds=(to_chrome, from_chrome), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        os.close(to_chrome)
        os.close(from_chrome)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.answers, selectors.EVENT_READ)
        self.buffer = b""
        self.number = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.profile.cleanup()

    def message(self, deadline):
        while b"\0" not in self.buffer:
            if not self.selector.select(max(0, deadline - time.monotonic())):
                raise AssertionError("Chromium does not answer")
            data = os.read(self.answers, 1 << 20)
            if not data:
                raise AssertionError("Chromium has ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, timeout=30, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        deadline = time.monotonic() + timeout
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url, width=1200, height=900, dark=False):
        """A new window, with cookies and connections of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        window = Window(self, session)
        window.call("Page.enable")
        window.call("Runtime.enable")
        window.call("Log.enable")
        window.size(width, height)
        window.scheme("dark" if dark else "light")
        window.call("Page.navigate", url=url)
        return window


class Window:
    def __init__(self, chrome, session):
        self.chrome = chrome
        self.session = session

    def call(self, method, **parameters):
        return self.chrome.call(method, session=self.session, **parameters)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def js(self, expression):
        """The value of an expression; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise AssertionError(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return result["result"].get("value")

    def wait(self, expression, timeout=30):
        """Waits until the expression is true, and returns its value."""
        deadline = time.monotonic() + timeout
        while True:
            # Until the page is loaded, there may be no document.
            value = self.js(f"document.body && ({expression})")
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"not true within {timeout} s: {expression}\n{self.js('document.body.innerText')[:2000]}")
            self.js("new Promise((done) => setTimeout(done, 30))")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, key, code=0):
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def box(self, selector):
        """The place of an element, scrolled into view: left, top, width, height."""
        return self.js(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
                       "const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()")

    def screenshot(self, path=None, whole=False):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        data = base64.b64decode(shot["data"])
        if path:
            pathlib.Path(path).write_bytes(data)
        return data

    def errors(self):
        """What the page has complained about: exceptions, and messages of level error."""
        found = []
        for event in self.chrome.events:
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"])
        return found
