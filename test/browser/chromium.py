"""A headless Chromium that is driven by its DevTools protocol through two pipes: nothing but Python's library is needed."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-default-browser-check", "--disable-dev-shm-usage",
         "--force-color-profile=srgb"]


class Chromium:
    """with Chromium() as browser: browser.open(path); browser.run("document.title")"""

    def __init__(self, seconds=60):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        assert program, "chromium is missing: tools/deps.sh browser"
        self.seconds, self.number, self.events, self.buffer = seconds, 0, [], b""
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, self.write = os.pipe()
        self.read, from_browser = os.pipe()

        def pipes():
            """They are its file descriptors 3 and 4."""
            lift = [os.dup2(fd, fd + 50, inheritable=True) for fd in (to_browser, from_browser)]
            os.dup2(lift[0], 3)
            os.dup2(lift[1], 4)

        sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
        self.process = subprocess.Popen([program, *FLAGS, *sandbox, f"--user-data-dir={self.profile.name}", "about:blank"], preexec_fn=pipes,
                                        close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.session = None

    def __enter__(self):
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Network", "Accessibility", "Log"]:
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.write)
        os.close(self.read)
        self.profile.cleanup()

    def message(self, end):
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.read], [], [], left)[0], "the browser doesn't answer"
            piece = os.read(self.read, 1 << 20)
            assert piece, "the browser has ended"
            self.buffer += piece
        one, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **parameters):
        self.number += 1
        asked = {"id": self.number, "method": method, "params": parameters, **({"sessionId": self.session} if self.session else {})}
        os.write(self.write, json.dumps(asked).encode() + b"\0")
        end = time.monotonic() + self.seconds
        while True:
            answer = self.message(end)
            if answer.get("id") != self.number:
                self.events.append(answer)
                continue
            assert "error" not in answer, (method, answer["error"])
            return answer["result"]

    def wait(self, event):
        end = time.monotonic() + self.seconds
        while not any(e.get("method") == event for e in self.events):
            self.events.append(self.message(end))

    def open(self, path, script=True):
        """A local file, to its end. Returns every address that was asked for."""
        self.events.clear()
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("Page.loadEventFired")
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        """What the page threw or logged."""
        return [e["params"] for e in self.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")]

    def run(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, (expression, result["exceptionDetails"])
        return result["result"].get("value")

    def resize(self, width, height, scale=1):
        """CSS pixels; scale: screen pixels for one of them."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def color_scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def vision(self, name):
        """none, deuteranopia, achromatopsia, .."""
        self.call("Emulation.setEmulatedVisionDeficiency", type=name)

    def press(self, key):
        """Keys as the user types them: "Tab", "ArrowLeft", "Home", .."""
        code = {"Tab": 9, "Enter": 13, "Space": 32, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}[key]
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=" " if key == "Space" else key, code=key, windowsVirtualKeyCode=code)

    def picture(self, whole=True):
        """PNG of the page, or of what is seen of it."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def names(self, role):
        """What a screen reader calls the page's things of this role."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [n.get("name", {}).get("value", "") for n in nodes if not n.get("ignored") and n.get("role", {}).get("value") == role]
