# SPDX-License-Identifier: Apache-2.0
"""The two runners as long-lived processes: one program per line in, JSON lines out."""

import json
import os
import queue
import subprocess
import threading

TIMEOUT = 120  # seconds for one program


class Server:
    """One runner. It is started again after a crash. A crash counts as an answer."""

    def __init__(self, command):
        self.command = command
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, encoding="utf-8", bufsize=1)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, args=(self.process, self.lines), daemon=True).start()

    @staticmethod
    def read(process, lines):
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    def send(self, program):
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(json.dumps(program) + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended; receive() says so

    def receive(self):
        """The lines of the answer, parsed."""
        answer = []
        while True:
            try:
                line = self.lines.get(timeout=TIMEOUT)
            except queue.Empty:
                self.process.kill()
                self.process = None
                return answer + [{"crash": f"no answer within {TIMEOUT} seconds"}]
            if line is None:
                code = self.process.wait()
                self.process = None
                return answer + [{"crash": f"the runner ended with {code}"}]
            if line == "":
                return answer
            answer.append(json.loads(line))

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


class Pair:
    """Both runners, asked at the same time."""

    def __init__(self, java, cpp):
        self.java = Server(java)
        self.cpp = Server(cpp)

    def run(self, program):
        self.java.send(program)
        self.cpp.send(program)
        return self.java.receive(), self.cpp.receive()

    def stop(self):
        self.java.stop()
        self.cpp.stop()


def java_command(here):
    return [os.path.join(here, "oracle.sh"), "serve"]


def cpp_command(here):
    """The runner named by MILLRACE_ORACLE_RUNNER, else the one built last."""
    given = os.environ.get("MILLRACE_ORACLE_RUNNER")
    if given:
        return [given, "serve"]
    root = os.path.join(here, "..", "..", "build")
    found = []
    for directory, folders, files in os.walk(root):
        folders[:] = [folder for folder in folders if folder not in ("CMakeFiles", "_deps", "lib", "classes")]
        if "oracle_program_runner" in files:
            found.append(os.path.join(directory, "oracle_program_runner"))
    if not found:
        raise SystemExit("there is no oracle_program_runner under build/: build that target, or name one in "
                         "MILLRACE_ORACLE_RUNNER")
    return [max(found, key=os.path.getmtime), "serve"]
